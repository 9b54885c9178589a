"""Asks through a Python SDK, in one conversation: python sdks.py CLIENT URL PROMPT [PROMPT]. Prints the last answer."""

import asyncio
import os
import sys

client, url, *prompts = sys.argv[1:]
prompt = prompts[0]
os.environ |= {"OPENAI_API_KEY": "none", "ANTHROPIC_API_KEY": "none", "OPENAI_BASE_URL": f"{url}/v1"}
# Two of these SDKs take the part before a slash for something of their own.
MODEL = "smart-auto" if client in ("google-genai", "agents-sdk") else "smart/auto"


def conversation(answer) -> str:
    """What `answer` gives for the last prompt; it gets the messages so far."""
    messages = []
    for text in prompts:
        messages.append({"role": "user", "content": text})
        messages.append({"role": "assistant", "content": answer(messages)})
    return messages[-1]["content"]


if client == "openai":
    from openai import OpenAI

    def streamed(messages: list) -> str:
        stream = OpenAI().chat.completions.create(
            model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True})
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

    print(conversation(streamed))
elif client == "openai-responses":
    from openai import OpenAI

    print(conversation(lambda messages: OpenAI().responses.create(model=MODEL, input=messages).output_text))
elif client == "anthropic":
    from anthropic import Anthropic

    def final(messages: list) -> str:
        with Anthropic(base_url=url).messages.stream(model=MODEL, max_tokens=4000, messages=messages) as stream:
            return stream.get_final_text()

    print(conversation(final))
elif client == "google-genai":
    from google import genai

    asked = genai.Client(api_key="none", http_options={"base_url": url, "api_version": "v1beta"})
    print("".join(part.text or "" for part in asked.models.generate_content_stream(model=MODEL, contents=prompt)))
elif client == "langchain":
    from langchain_openai import ChatOpenAI

    print(conversation(lambda messages: ChatOpenAI(model=MODEL).invoke(messages).content))
elif client == "agents-sdk":
    from agents import Agent, Runner, function_tool, set_tracing_disabled

    @function_tool
    def run_command(command: str) -> str:
        """Runs a shell command."""
        return "ready-42" if command == "echo ready-42" else "no such command"

    set_tracing_disabled(True)
    agent = Agent(name="helper", instructions="You help.", model=MODEL, tools=[run_command])
    # Its connections live in one loop.
    loop = asyncio.new_event_loop()
    print(conversation(lambda messages: loop.run_until_complete(Runner.run(agent, list(messages))).final_output))
elif client == "llamaindex":
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(model=MODEL, api_base=f"{url}/v1", api_key="none", is_chat_model=True)
    print(model.complete(prompt).text)
else:
    sys.exit(f"unknown client {client}")
