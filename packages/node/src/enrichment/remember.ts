/** `find`, with the answers to the last `maxAnswers` questions remembered: most visitors look like one that came before. */
export function remember<Answer>(maxAnswers: number, find: (question: string) => Answer): (question: string) => Answer {
  const answers = new Map<string, Answer>();
  return (question) => {
    let answer = answers.get(question);
    if (answer === undefined) {
      answer = find(question);
      if (answers.size === maxAnswers) answers.delete(answers.keys().next().value as string);
      answers.set(question, answer);
    }
    return answer;
  };
}
