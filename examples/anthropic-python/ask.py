# ANTHROPIC_BASE_URL=http://127.0.0.1:10000 ANTHROPIC_API_KEY=none python ask.py
from anthropic import Anthropic

question = [{"role": "user", "content": "Hello!"}]
answer = Anthropic().messages.create(model="smart/auto", max_tokens=200, messages=question)
print(answer.model, answer.content[0].text, sep=": ")
