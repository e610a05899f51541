"""As much of NumPy as transcribe.py uses."""

float32 = float


class Samples:
    def astype(self, kind):
        return self

    def __truediv__(self, by):
        return self


def frombuffer(data, dtype):
    return Samples()
