"""One ask through a Python SDK: python sdks.py CLIENT URL PROMPT. Prints the answer."""

import asyncio
import os
import sys

client, url, prompt = sys.argv[1:]
os.environ |= {"OPENAI_API_KEY": "none", "ANTHROPIC_API_KEY": "none", "OPENAI_BASE_URL": f"{url}/v1"}
# Two of these SDKs take the part before a slash for something of their own.
MODEL = "smart-auto" if client in ("google-genai", "agents-sdk") else "smart/auto"

if client == "openai":
    from openai import OpenAI

    stream = OpenAI().chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": prompt}], stream=True, stream_options={"include_usage": True})
    print("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))
elif client == "openai-responses":
    from openai import OpenAI

    print(OpenAI().responses.create(model=MODEL, input=prompt).output_text)
elif client == "anthropic":
    from anthropic import Anthropic

    with Anthropic(base_url=url).messages.stream(
            model=MODEL, max_tokens=4000, messages=[{"role": "user", "content": prompt}]) as stream:
        print(stream.get_final_text())
elif client == "google-genai":
    from google import genai

    asked = genai.Client(api_key="none", http_options={"base_url": url, "api_version": "v1beta"})
    print("".join(part.text or "" for part in asked.models.generate_content_stream(model=MODEL, contents=prompt)))
elif client == "langchain":
    from langchain_openai import ChatOpenAI

    print(ChatOpenAI(model=MODEL).invoke(prompt).content)
elif client == "agents-sdk":
    from agents import Agent, Runner, function_tool, set_tracing_disabled

    @function_tool
    def run_command(command: str) -> str:
        """Runs a shell command."""
        return "ready-42" if command == "echo ready-42" else "no such command"

    set_tracing_disabled(True)
    agent = Agent(name="helper", instructions="You help.", model=MODEL, tools=[run_command])
    print(asyncio.run(Runner.run(agent, prompt)).final_output)
elif client == "llamaindex":
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(model=MODEL, api_base=f"{url}/v1", api_key="none", is_chat_model=True)
    print(model.complete(prompt).text)
else:
    sys.exit(f"unknown client {client}")
