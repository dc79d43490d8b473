/** One line of a header: line breaks and control characters become blanks, so that no text can begin another header. */
export function headerText(text: string): string {
  return text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

/** RFC 2047 allows 75 characters for an encoded word; `=?UTF-8?B?` and `?=` take 12. */
const BYTES_OF_A_WORD = 45;
/** RFC 5322 allows 998 characters on a line. */
const LONGEST_LINE = 900;

/** A header text in ASCII: as it is, or as encoded words (RFC 2047, UTF-8), each of whole characters, one on a line. */
export function encodedWords(text: string): string {
  const plain = /^[\x20-\x7e]*$/.test(text) && !text.includes("=?") && text.length <= LONGEST_LINE;
  if (plain) return text;
  const words: string[] = [];
  let word = "";
  for (const character of text.toWellFormed()) {
    if (Buffer.byteLength(word + character) > BYTES_OF_A_WORD) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  words.push(word);
  return words.map((each) => `=?UTF-8?B?${Buffer.from(each).toString("base64")}?=`).join("\n ");
}
