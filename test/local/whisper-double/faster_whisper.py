"""Stands in for faster-whisper where transcribe.py is tested. What it does is told by `initial_prompt`."""

import time

print("a library prints what it likes")


class Info:
    language = "de"
    language_probability = 0.9
    duration_after_vad = 1.0


class Segment:
    start, end, text, temperature, compression_ratio, no_speech_prob, words = 0.0, 1.0, " hallo", 0.0, 1.1, 0.01, []

    def __init__(self, avg_logprob):
        self.avg_logprob = avg_logprob


class WhisperModel:
    def __init__(self, name, **options):
        pass

    def transcribe(self, samples, word_timestamps, initial_prompt=None, language=None):
        if initial_prompt == "long":
            time.sleep(60)
        if language == "xx":
            raise ValueError("'xx' is not a valid language code")
        return [Segment(float("nan") if initial_prompt == "nan" else -0.2)], Info()
