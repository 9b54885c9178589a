// One ask through a JavaScript SDK: node sdks.mjs CLIENT URL PROMPT. Prints the answer.
const [client, url, prompt] = process.argv.slice(2);
const model = "smart/auto";

if (client === "openai-node") {
  const { default: OpenAI } = await import("openai");
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
  const answer = await openai.chat.completions.create({ model, messages: [{ role: "user", content: prompt }] });
  console.log(answer.choices[0].message.content);
} else if (client === "vercel-ai") {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const { streamText } = await import("ai");
  const provider = createOpenAICompatible({ name: "tiergate", baseURL: `${url}/v1`, apiKey: "none" });
  const { textStream } = streamText({ model: provider(model), prompt });
  let text = "";
  for await (const piece of textStream) text += piece;
  console.log(text);
} else {
  process.exit(`unknown client ${client}`);
}
