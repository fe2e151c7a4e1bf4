"""Called once per row, with its arguments by name. What stands outside of functions is done once per process."""

import re

WORD = re.compile(r"\w+")


def run(text):
    words = WORD.findall(text)
    return {"words": len(words), "longest": max(words, key=len, default=None)}
