import type { ArtName } from './art.ts';

export interface Product {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly category: Category;
  /** Euro. */
  readonly price: number;
  readonly line: string;
  readonly story: string;
  readonly facts: readonly string[];
  readonly art: ArtName;
}

export const categories = ['Table', 'Kitchen', 'Evening'] as const;
export type Category = (typeof categories)[number];

export const catalog: readonly Product[] = [
  {
    id: 'p01',
    slug: 'fold-mug',
    name: 'Fold mug',
    category: 'Table',
    price: 24,
    line: 'Thick at the lip, thin at the heel.',
    story:
      'Most mugs are made for dishwashers. This one is made for the hand: the wall thins towards the foot, so it feels lighter half-way down than it did full. The band is left unglazed, because a thumb likes to know where it is.',
    facts: ['Stoneware, 280 ml', 'Dishwasher safe, top rack', 'Thrown in pairs, sold one by one'],
    art: 'mug',
  },
  {
    id: 'p02',
    slug: 'plum-teapot',
    name: 'Plum teapot',
    category: 'Table',
    price: 78,
    line: 'Pours without a drip. We checked, a lot.',
    story:
      'A teapot has one job after the tea is made, and most fail it on the tablecloth. We cut the spout at four angles and poured until nobody argued. The lid locks with a quarter turn.',
    facts: ['Stoneware, 900 ml', 'Steel basket included', 'The lid stays on at any angle'],
    art: 'teapot',
  },
  {
    id: 'p03',
    slug: 'low-bowls',
    name: 'Low bowls, two',
    category: 'Table',
    price: 46,
    line: 'One for soup, one for keys.',
    story:
      'Wide enough for pasta, deep enough for soup, flat enough to stack with the plates you already own. The pair nests; the smaller one somehow always ends up in the hallway.',
    facts: ['Stoneware, 22 and 17 cm', 'Oven safe to 220 °C', 'Stack with any plate'],
    art: 'bowls',
  },
  {
    id: 'p04',
    slug: 'still-carafe',
    name: 'Still carafe',
    category: 'Table',
    price: 39,
    line: 'Water, taken seriously.',
    story:
      'The neck is as wide as a fist, so you can actually clean it. The glass that comes with it sits beside the carafe, not on top of it: nothing to knock off in the dark.',
    facts: ['Hand-blown glass, 1.1 l', 'With one tumbler', 'Fits the door of a fridge'],
    art: 'carafe',
  },
  {
    id: 'p05',
    slug: 'bud-vase',
    name: 'Bud vase',
    category: 'Table',
    price: 28,
    line: 'For three stems and no talent.',
    story:
      'Flower arranging is easy when there is room for only three stems. The narrow neck holds them where you put them, and the weight sits low, so a cat can walk past.',
    facts: ['Porcelain, 16 cm', 'Glazed inside and out', 'Survives one cat'],
    art: 'vase',
  },
  {
    id: 'p06',
    slug: 'cone-dripper',
    name: 'Cone dripper',
    category: 'Kitchen',
    price: 34,
    line: 'Coffee at the speed of a phone call home.',
    story:
      'Steep ribs keep the paper off the wall, so the water leaves when it should. Two and a half minutes, one or two cups, nothing to plug in.',
    facts: ['Cast stoneware', 'Takes common size 2 papers', 'Server sold with it'],
    art: 'pourOver',
  },
  {
    id: 'p07',
    slug: 'stove-pot',
    name: 'Stove pot',
    category: 'Kitchen',
    price: 42,
    line: 'Loud, quick, forgiving.',
    story:
      'The pot everybody’s aunt owns, with a gasket you can buy in twenty years’ time: we keep ten thousand of them on a shelf, because that part is the reason people throw the whole pot away.',
    facts: ['Steel, four small cups', 'Works on induction', 'Gaskets free for life'],
    art: 'moka',
  },
  {
    id: 'p08',
    slug: 'ash-board',
    name: 'Ash board',
    category: 'Kitchen',
    price: 52,
    line: 'One plank. No glue.',
    story:
      'Cut from a single plank and left to dry for two years before it is planed. It will move a little with the seasons. So do we.',
    facts: ['European ash, 44 × 22 cm', 'Oiled, not lacquered', 'Re-oil twice a year'],
    art: 'board',
  },
  {
    id: 'p09',
    slug: 'dish-brush',
    name: 'Dish brush',
    category: 'Kitchen',
    price: 19,
    line: 'The head comes off. The handle stays.',
    story:
      'The bristles are a plant, the handle is beech, and the two part with a twist. Keep the handle, compost the rest. The tray under it catches the drip.',
    facts: ['Beech and tampico fibre', 'Spare heads: four euro', 'With tray'],
    art: 'brush',
  },
  {
    id: 'p10',
    slug: 'dusk-lamp',
    name: 'Dusk lamp',
    category: 'Evening',
    price: 129,
    line: 'Low light, warm edge, no app.',
    story:
      'It dims with a wheel under the shade and remembers nothing. The paper is three layers thick: the bulb disappears and the edge of the light is soft, which is the whole point.',
    facts: ['Brass and paper, 46 cm', 'E27, bulb included', 'Three metres of cloth cable'],
    art: 'lamp',
  },
  {
    id: 'p11',
    slug: 'five-hour-candles',
    name: 'Five-hour candles',
    category: 'Evening',
    price: 18,
    line: 'Four of them. One dinner each.',
    story:
      'Long enough for a dinner with people you like, short enough that it ends. Poured from rapeseed wax, and they do not smell of anything.',
    facts: ['Four pieces, 26 cm', 'Rapeseed wax', 'Burn five hours, give or take a draught'],
    art: 'candles',
  },
  {
    id: 'p12',
    slug: 'stripe-linen',
    name: 'Stripe linen',
    category: 'Evening',
    price: 22,
    line: 'Worse when new.',
    story:
      'Stiff for a month, then it starts to drink. By the second summer it dries a glass in one turn. The stripe is woven, so it ages with the cloth and not off it.',
    facts: ['Washed linen, 50 × 70 cm', 'Woven stripe', 'Hot wash, no softener'],
    art: 'linen',
  },
];

const byId = new Map(catalog.map((product) => [product.id, product]));
const bySlug = new Map(catalog.map((product) => [product.slug, product]));

export const productById = (id: string): Product | undefined => byId.get(id);
export const productBySlug = (slug: string): Product | undefined => bySlug.get(slug);

/** The product as events carry it. */
export const productFacts = ({ id, name, category, price }: Product) => ({
  product_id: id,
  name,
  category,
  price,
  currency: 'EUR' as const,
});

export const euro = (amount: number): string =>
  new Intl.NumberFormat('en-IE', {
    style: 'currency',
    currency: 'EUR',
    minimumFractionDigits: amount % 1 ? 2 : 0,
  }).format(amount);
