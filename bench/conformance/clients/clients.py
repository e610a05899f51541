"""OpenAI's and Replicate's Python clients, svix and standardwebhooks, with their defaults. Prints a JSON line for each case."""

import http.server
import json
import sys
import threading
import time
import urllib.request

import openai
import standardwebhooks
import svix

origin, key = sys.argv[1:3]
client = openai.OpenAI(base_url=f"{origin}/openai/v1", api_key=key)
WORDS = "one two three four"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["name", "people"],
    "additionalProperties": False,
}
SCHEMA_PROMPT = "<<" + json.dumps(['{"name": "Porto", "people": 231800}']) + ">>"
received = {}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        received[self.path] = (dict(self.headers), body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()


def post(path, body):
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{origin}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def delivered(path):
    url = f"http://127.0.0.1:{server.server_address[1]}{path}"
    secret = post("/v1/webhooks", {"url": url, "events": ["job.completed"]})["secret"]
    post("/v1/jobs", {"kind": "classification", "text": f"What a day, {path}"})
    end = time.time() + 30
    while path not in received:
        assert time.time() < end, f"nothing was delivered to {path}"
        time.sleep(0.1)
    headers, body = received[path]
    return secret, body, {name.lower(): value for name, value in headers.items()}


def recording():
    return open("talk.wav", "rb")


def transcription():
    text = client.audio.transcriptions.create(file=recording(), model="whisper-1").text
    assert WORDS in text, text


def transcription_stream():
    stream = client.audio.transcriptions.create(file=recording(), model="gpt-4o-mini-transcribe", stream=True)
    last = list(stream)[-1]
    assert last.type == "transcript.text.done" and WORDS in last.text, last


def transcription_options():
    answer = client.audio.transcriptions.create(
        file=recording(),
        model="whisper-1",
        language="en",
        temperature=0.2,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert len(answer.words) == 4, answer


def translation():
    assert WORDS in client.audio.translations.create(file=recording(), model="whisper-1").text


def image():
    data = client.images.generate(prompt="a harbour, python", model="dall-e-3", size="1792x1024", style="vivid").data
    with urllib.request.urlopen(data[0].url) as response:
        assert response.read(2) == b"\xff\xd8"


def embeddings():
    answer = client.embeddings.create(model="text-embedding-3-small", input=["one text", "another"])
    first, second = (len(one.embedding) for one in answer.data)
    assert first == second > 0, answer


def chat():
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello"}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    assert answer.choices[0].message.content and answer.usage.total_tokens > 0, answer


def chat_stream():
    messages = [{"role": "user", "content": "Hello"}]
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def chat_json():
    answer = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": SCHEMA_PROMPT}],
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}},
    )
    assert json.loads(answer.choices[0].message.content)["name"] == "Porto", answer


def responses():
    assert client.responses.create(model="gpt-4o-mini", input="Hello").output_text


def responses_stream():
    events = list(client.responses.create(model="gpt-4o-mini", input="Hello", stream=True))
    assert events[-1].type == "response.completed", events[-1]


def models():
    assert "whisper-1" in [model.id for model in client.models.list()]


def wrong_key():
    try:
        openai.OpenAI(base_url=f"{origin}/openai/v1", api_key="dk_wrong", max_retries=0).models.list()
    except openai.AuthenticationError as error:
        assert error.request_id, "no request id"
        return
    raise AssertionError("a wrong key was accepted")


def verify_svix():
    secret, body, headers = delivered("/svix-python")
    svix.Webhook(secret).verify(body, headers)


def verify_standardwebhooks():
    secret, body, headers = delivered("/standard-python")
    standardwebhooks.Webhook(secret).verify(body, headers)


CASES = {
    "openai-python: models.list": models,
    "openai-python: audio.transcriptions.create": transcription,
    "openai-python: audio.transcriptions.create, options": transcription_options,
    "openai-python: audio.transcriptions.create, stream": transcription_stream,
    "openai-python: audio.translations.create": translation,
    "openai-python: images.generate": image,
    "openai-python: embeddings.create": embeddings,
    "openai-python: chat.completions.create": chat,
    "openai-python: chat.completions.create, stream": chat_stream,
    "openai-python: chat.completions.create, json_schema": chat_json,
    "openai-python: responses.create": responses,
    "openai-python: responses.create, stream": responses_stream,
    "openai-python: a wrong key": wrong_key,
    "svix-python: verify": verify_svix,
    "standardwebhooks-python: verify": verify_standardwebhooks,
}

for name, run in CASES.items():
    failure = None
    try:
        run()
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    print(json.dumps({"name": name, "failure": failure}), flush=True)
