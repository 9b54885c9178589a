# OPENAI_BASE_URL=http://127.0.0.1:10000/v1 OPENAI_API_KEY=none python ask.py
from agents import Agent, Runner, function_tool, set_tracing_disabled


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Rain in {city}."


# The part of a model's name before a slash is a provider's for this SDK.
agent = Agent(name="helper", instructions="You help.", model="smart-auto", tools=[weather])
set_tracing_disabled(True)
print(Runner.run_sync(agent, "Hello!").final_output)
