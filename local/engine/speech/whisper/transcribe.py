"""Keep one Whisper model in memory, and transcribe the recordings that arrive on standard input.

Usage: transcribe.py <model>, where <model> is a folder or a name that faster-whisper downloads ("small", "large-v3-turbo").

A request is one line of JSON, {"id", "bytes", "options"}, followed by that many bytes of sound: signed 16-bit samples, 16 kHz, mono.
`options` has the names of @cf/openai/whisper-large-v3-turbo. {"cancel": id} ends a request early. Each answer is one line of JSON:
{"ready": true} once the model is loaded, then {"id", "answer"} or {"id", "error", "isRefused"}. `isRefused` means that the
options are wrong. The end of standard input ends the program at once.
"""

import json
import os
import queue
import sys
import threading

import numpy
from faster_whisper import WhisperModel


class Cancelled(Exception):
    """The client no longer needs the answer."""


class NotJson(Exception):
    """The answer holds NaN or infinity, which JSON does not have."""


def main(name: str) -> None:
    # Libraries print to standard output, which is only for answers. So their output goes to standard error.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    requests: queue.Queue = queue.Queue()
    cancelled: set[int] = set()
    threading.Thread(target=read_requests, args=(requests, cancelled), daemon=True).start()
    model = WhisperModel(name, device="auto", compute_type="auto")
    say(answers, {"ready": True})
    while True:
        request = requests.get()
        number = request["id"]
        try:
            say(answers, {"id": number, "answer": transcribe(model, request, cancelled)})
        except Cancelled:
            pass
        except NotJson:
            say(answers, {"id": number, "error": "Whisper gave a figure that is not a number", "isRefused": False})
        except Exception as error:  # One failed request must not end the others.
            # faster-whisper raises ValueError for an option that it refuses, such as an unknown language.
            say(answers, {"id": number, "error": str(error), "isRefused": isinstance(error, ValueError)})
        cancelled.discard(number)


def read_requests(requests: queue.Queue, cancelled: set[int]) -> None:
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        if "cancel" in request:
            cancelled.add(request["cancel"])
            continue
        request["samples"] = sys.stdin.buffer.read(request["bytes"])
        requests.put(request)
    # Nobody is left to read an answer. What waits would keep the processor busy for minutes.
    os._exit(0)


def transcribe(model: WhisperModel, request: dict, cancelled: set[int]) -> dict:
    number = request["id"]
    if number in cancelled:
        raise Cancelled
    samples = numpy.frombuffer(request["samples"], dtype="<i2").astype(numpy.float32) / 32_768
    found, info = model.transcribe(samples, word_timestamps=True, **request["options"])
    segments = []
    for segment in found:  # Each segment is decoded when the loop reaches it.
        if number in cancelled:
            raise Cancelled
        segments.append(segment_of(segment))
    return {
        "language": info.language,
        "languageProbability": info.language_probability,
        "durationAfterVadSeconds": info.duration_after_vad,
        "segments": segments,
    }


def segment_of(segment) -> dict:
    return {
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
        "words": [{"word": word.word, "start": float(word.start), "end": float(word.end)} for word in segment.words or []],
    }


def say(answers, message: dict) -> None:
    try:
        line = json.dumps(message, allow_nan=False)
    except ValueError as error:
        raise NotJson from error
    answers.write(line + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
