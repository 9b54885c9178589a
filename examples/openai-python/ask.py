# OPENAI_BASE_URL=http://127.0.0.1:10000/v1 OPENAI_API_KEY=none python ask.py
from openai import OpenAI

answer = OpenAI().chat.completions.create(model="smart/auto", messages=[{"role": "user", "content": "Hello!"}])
print(answer.model, answer.choices[0].message.content, sep=": ")
