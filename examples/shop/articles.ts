import type { ArtName } from './art.ts';
import type { Sound } from './sounds.ts';

/** One way to say it. Which one a reader sees is a coin toss per page: nothing is stored to remember it. */
export interface Headline {
  readonly id: string;
  readonly text: string;
}

export interface Article {
  readonly id: string;
  readonly slug: string;
  readonly kicker: string;
  /** More than one: the newsroom is testing. */
  readonly headlines: readonly [Headline, ...Headline[]];
  readonly standfirst: string;
  readonly byline: string;
  /** ISO 8601 date. */
  readonly date: string;
  readonly minutes: number;
  readonly art: ArtName;
  readonly productIds: readonly string[];
  readonly sound?: Sound;
  readonly body: readonly (string | { readonly quote: string } | { readonly title: string })[];
}

export const articles: readonly Article[] = [
  {
    id: 'second-cup',
    slug: 'the-second-cup',
    kicker: 'Kitchen',
    headlines: [
      { id: 'a', text: 'Why the second cup tastes better than the first' },
      { id: 'b', text: 'You are pouring too early: the case for the second cup' },
    ],
    standfirst: 'We made the same coffee forty times with a thermometer in it. The grinder was innocent.',
    byline: 'Ines Halloran',
    date: '2026-11-18',
    minutes: 3,
    art: 'pourOver',
    productIds: ['p06', 'p01'],
    sound: { name: 'pour', title: 'Hear it: the second cup, poured slowly' },
    body: [
      'Everyone in this office agrees that the second cup of the morning is the better one, and until last month everyone had a theory. The beans have settled. You have woken up. The first cup is for the nerves and the second is for you. None of us had measured anything, which is how theories stay alive.',
      'So we measured. Two people, one kettle, one bag of beans, forty cups over eight mornings, and a thermometer with a very thin probe. We wrote down the temperature of the water in the kettle, in the dripper and in the cup, and then somebody who had not made the coffee drank it and said a number.',
      { title: 'The cold thing in the middle' },
      'The numbers were dull until we sorted them by order. First cups arrived in the mug at 71 degrees on average. Second cups arrived at 79. The kettle was the same both times. What had changed was everything the water touched on its way: a dripper, a server and a mug that had been standing in a kitchen at eighteen degrees, and now had not.',
      'Eight degrees does not sound like much. In the dripper it is the difference between water that takes what you want from the grounds and water that takes only what comes easily, which is the sour part. Our taster, who did not know the order, gave second cups almost two points more out of ten. Then we rinsed everything with hot water before the first cup, and the difference was gone.',
      { quote: 'The first cup is not the nervous one. It is the one that heats the crockery.' },
      'There is one more thing. In a third of our first cups the water had gone in within ten seconds of boiling, because people are in a hurry in the morning and the kettle clicks like a starting gun. Waiting half a minute helped a little. Rinsing helped four times as much. If you do only one thing, do the boring one.',
      { title: 'What to do tomorrow' },
      'Boil a little more than you need. Pour the first of it through the paper and into the mug, swirl, and throw it away. It takes twenty seconds, it gets rid of the taste of paper as well, and it makes a first cup that is a second cup.',
      'We realise that a shop that sells drippers has just told you that the dripper you own is fine. It is. Warm it up.',
    ],
  },
  {
    id: 'tenth-bowl',
    slug: 'the-tenth-bowl',
    kicker: 'Makers',
    headlines: [
      { id: 'a', text: 'The potter who keeps every tenth bowl' },
      { id: 'b', text: 'One bowl in ten never leaves this workshop. We asked why' },
    ],
    standfirst: 'On a shelf above the kiln stand two hundred bowls with nothing wrong with them.',
    byline: 'Tomas Brandt',
    date: '2026-11-12',
    minutes: 4,
    art: 'bowls',
    productIds: ['p03', 'p02'],
    body: [
      'The shelf runs the length of the room, a hand’s breadth below the ceiling, and on it stand bowls. They are the same bowls that we sell: wide, low, a blue that turns grey towards the foot. None of them is cracked. None of them is for sale. “Those are the tenth ones,” says the potter, and goes back to the wheel as if that were an answer.',
      'It takes most of an afternoon to get the rest of it. Every day begins with the same form, and the form drifts. Not so that you would see it between one bowl and the next, but a wall that was four millimetres thick on Monday is nearly five by Friday, and the curve that made you buy the thing in the first place has become a slope.',
      { title: 'A ruler made of clay' },
      'A drawing does not help, because nobody throws from a drawing. A template helps a little and makes your hands lazy. What helps is to put today’s bowl on top of last month’s. If it sits, good. If it rocks, or swallows the other one, something has moved, and it is nearly always you.',
      'So every tenth bowl goes up on the shelf with a date scratched into the foot. When a batch feels wrong, the potter takes down three from different years and stacks them. “You think you remember what you made,” she says. “You remember what you liked about it.”',
      { quote: 'You think you remember what you made. You remember what you liked about it.' },
      'We asked the question that a shop asks: what does it cost? Ten per cent of the work, plainly, and a shelf. But before the shelf there was a bin, and in a bad month the bin took more than a tenth. The drift was found at the end, by customers, who sent photographs of bowls that would not stack with the ones they had bought in spring.',
      'Returns for “does not match” went from one in thirty to one in four hundred in the year that the shelf was put up. The wood for it came from a door.',
      { title: 'The oldest one' },
      'Before we left she took down the first, dated in a hand that was still trying to be neat. It is a bad bowl: thick, timid, with a rim like a kerb. She put this week’s on top of it, and it rocked so hard that it rang. She seemed to think that this was the nicest sound in the building.',
    ],
  },
  {
    id: 'overhead-light',
    slug: 'turn-off-the-overhead-light',
    kicker: 'Evening',
    headlines: [
      { id: 'a', text: 'Turn off the overhead light' },
      { id: 'b', text: 'Four lamps, one room, and the switch we taped over for a week' },
    ],
    standfirst: 'A flat, a roll of tape and seven evenings without the light in the middle of the ceiling.',
    byline: 'Ines Halloran',
    date: '2026-11-05',
    minutes: 3,
    art: 'lamp',
    productIds: ['p10', 'p11'],
    sound: { name: 'rain', title: 'Hear it: an evening with the window open' },
    body: [
      'The rule was simple. From Monday to Sunday nobody in the flat would touch the switch by the door. We put tape over it, because a rule that depends on four people remembering it at the end of a working day is not a rule.',
      'The first evening was dark and slightly ridiculous. We had one lamp, and it stood where lamps go to be out of the way: in a corner behind a chair, lighting a wall. Everybody sat where they always sat and could not see what they were doing. By nine, three of us had moved into the kitchen, which still had a light that worked.',
      { title: 'Light goes where you are' },
      'On the second evening we moved the lamp to the table, and the table became the room. This sounds like something that a shop would print on a card, but it was almost alarming how literal it was. People came to it. A person who had not read a book since the summer read a book, because there was one bright place and a book was lying in it.',
      'By Thursday there were four lamps, three of them borrowed, none brighter than a decent candle would make you expect. One for the table, one for the person who reads, one low down near the floor so that the far wall did not vanish, and one in the hall that stayed on. Added up, they used a third of what the ceiling had used.',
      { quote: 'An overhead light is for finding things. A lamp is for staying.' },
      { title: 'What we got wrong' },
      'Cooking. You cannot chop an onion in atmosphere, and we have a plaster to prove it. Work surfaces want real light from the front, so that your own head is not in the way. And cleaning: a room that looks wonderful at ten in the evening looks, at ten in the morning, exactly as clean as it is.',
      'On Sunday the tape came off. The switch works, and it has been used, by our count, six times in the month since then: four times to find something that had rolled under the sofa, once for a visiting uncle, once by mistake.',
    ],
  },
  {
    id: 'boxes',
    slug: 'four-thousand-boxes',
    kicker: 'From the shop',
    headlines: [{ id: 'a', text: 'What we learned from weighing four thousand boxes' }],
    standfirst: 'Our packaging was mostly air. Here are the figures, including the embarrassing ones.',
    byline: 'The shop',
    date: '2026-10-29',
    minutes: 3,
    art: 'board',
    productIds: ['p08', 'p09'],
    body: [
      'In spring we put a scale at the end of the packing table and asked everyone to weigh each box twice: once as it left, once empty. By September the list had 4,112 rows. We had expected it to tell us about cardboard. It told us about air.',
      'The median parcel contained 61 per cent nothing. We owned five sizes of box, and two of them accounted for nine tenths of what we sent, because they were at the front of the shelf. A single mug travelled in a box that could have held six. It travelled safely, too, because it was wrapped in enough paper to fill the other five places.',
      { title: 'Two changes, in order of boredom' },
      'First we moved the boxes. The small ones went to the front, at the height of a hand, and the big ones to the bottom. No memo, no training. In the following four weeks the average volume per order fell by a fifth. We have since stopped believing in memos.',
      'Second, we stopped promising that everything would arrive together. If you order a lamp and a dish brush, the brush no longer rides along in a box made for a lamp. It goes by letter post, in an envelope, and gets there first. We thought that people would mind. Eleven wrote to us. Nine of them wrote to say that they liked it.',
      { quote: 'The small boxes went to the front. No memo, no training.' },
      { title: 'The part that got worse' },
      'Breakages. In the first month after we cut the paper, we broke 1.9 per cent of all teapots, up from 0.6. The spout is the problem: it points at the outside world. Teapots now have a collar of folded card, which costs nine cents, and the figure is back to 0.5. Nothing else needed one.',
      'All in all we sent 38 per cent less volume for the same orders, and saved a little more than the new envelopes cost. We would love to tell you that we did this for the planet alone. We did it because somebody put a scale on a table.',
    ],
  },
  {
    id: 'linen',
    slug: 'worse-when-new',
    kicker: 'Materials',
    headlines: [{ id: 'a', text: 'Worse when new: what happens inside a linen towel' }],
    standfirst: 'It repels water for a month and then changes its mind. A short tour of a fibre.',
    byline: 'Tomas Brandt',
    date: '2026-10-20',
    minutes: 2,
    art: 'linen',
    productIds: ['p12', 'p04'],
    body: [
      'People return linen towels, and they nearly always do it in the first fortnight. “It pushes the water around,” one of them wrote, and she was right. A new linen towel is about as absorbent as a raincoat. The trouble is that we know what happens in week five, and she did not wait.',
      'Flax is a stem, and the fibre is the part of it that keeps the plant upright. In the field it is glued together with pectin and covered in wax, and although spinning takes most of that away, enough stays to keep water out. It is not a fault in the cloth. It is a plant that has spent a summer in the rain.',
      { title: 'Ten hot washes' },
      'Every hot wash dissolves a little of the wax and breaks a little of the glue. The bundles of fibre split lengthwise into thinner ones, and the gaps between them begin to pull water in by themselves. We soaked strips of the same cloth and measured how high the water climbed in a minute: one centimetre new, three after five washes, nearly seven after ten.',
      'Softener undoes it, by the way. It coats the fibre with something very like what the washing had just removed. If you have ever owned a towel that got softer and wetter at the same time, that is why.',
      { quote: 'It is not a fault in the cloth. It is a plant that has spent a summer in the rain.' },
      'So we now wash ours twice before they are sold, which gets you past the worst of it, and we print “worse when new” on the label, which has cut returns by more than the washing did. It turns out that people will wait for almost anything if you tell them what they are waiting for.',
    ],
  },
  {
    id: 'repair',
    slug: 'a-shelf-of-gaskets',
    kicker: 'From the shop',
    headlines: [{ id: 'a', text: 'We bought ten thousand gaskets, and we are not sorry' }],
    standfirst: 'The cheapest part of a coffee pot decides how long you own it.',
    byline: 'The shop',
    date: '2026-10-08',
    minutes: 2,
    art: 'moka',
    productIds: ['p07', 'p01'],
    body: [
      'There is a rubber ring inside every stove-top coffee pot. It costs four cents, lasts about three years, and when it goes the pot hisses, spits and makes half a cup of something brown. At which point most people buy a new pot.',
      'When the maker of ours announced that they were changing the thread, and with it the ring, we did a sum on the back of a delivery note. We had sold some 2,400 of the old ones. If each of them lived for fifteen more years, that was five rings a pot. We rounded down, drove there and bought what they had left.',
      { title: 'The economics of free' },
      'They are on a shelf in the back room in boxes that once held envelopes. Write to us with a photo of your pot and we will post you one. Posting costs us more than the ring does, and the two together cost less than answering a complaint. So far 311 people have asked.',
      'A colleague who is better at business than the rest of us pointed out that each of these people did not buy a new pot. This is true. Two hundred and four of them did buy something else, though, within the same month, usually the mug. She has stopped pointing it out.',
      { quote: 'The two together cost less than answering a complaint.' },
      'There is no lesson here about scale, because this would not work at scale. It works at the size of a back room. That is the size that we are.',
    ],
  },
];

const bySlug = new Map(articles.map((article) => [article.slug, article]));
export const articleBySlug = (slug: string): Article | undefined => bySlug.get(slug);

/** The headline with this id, or one by the toss of a coin. */
export function pickHeadline({ headlines }: Article, id?: string): Headline {
  return (
    headlines.find((headline) => headline.id === id) ??
    headlines[Math.floor(Math.random() * headlines.length)] ??
    headlines[0]
  );
}
