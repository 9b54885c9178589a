# OPENAI_BASE_URL=http://127.0.0.1:10000/v1 OPENAI_API_KEY=none python ask.py
from langchain_openai import ChatOpenAI

answer = ChatOpenAI(model="smart/auto").invoke("Hello!")
print(answer.response_metadata["model_name"], answer.content, sep=": ")
