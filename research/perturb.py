"""The same ask in other clothes: nothing that a person would call harder or easier.

`variants(text, language, seed)` gives a dict of kind -> text. Used by train.py, to learn what must not matter, and by
robustness.py, to measure it.
"""

import random
import re

POLITE = {
    "en": ("Hi! Could you please help me with this? ", " Thank you so much!"),
    "zh": ("你好，麻烦帮我一下：", "谢谢！"),
    "ja": ("お世話になります。", " よろしくお願いします。"),
    "ko": ("안녕하세요, 부탁드려요. ", " 감사합니다!"),
    "ru": ("Здравствуйте! Помогите, пожалуйста. ", " Большое спасибо!"),
    "de": ("Hallo! Könntest du mir bitte helfen? ", " Vielen Dank!"),
    "es": ("¡Hola! ¿Me puedes ayudar, por favor? ", " ¡Muchas gracias!"),
    "pt": ("Olá! Você pode me ajudar, por favor? ", " Muito obrigado!"),
    "ar": ("مرحبا، من فضلك ساعدني. ", " شكرا جزيلا!"),
    "fr": ("Bonjour ! Pouvez-vous m'aider s'il vous plaît ? ", " Merci beaucoup !"),
}
# Whole words, English, that change nothing.
SAME = {
    "write": "compose", "create": "make", "explain": "tell me about", "how do i": "how can i", "what is": "what's",
    "give me": "provide", "fix": "repair", "big": "large", "find": "work out", "show": "demonstrate", "make": "produce",
    "help": "assist", "need": "require", "want": "would like", "use": "employ", "start": "begin", "list": "enumerate",
    "also": "in addition", "but": "however", "about": "regarding", "get": "obtain", "check": "verify",
    "quickly": "fast", "problem": "issue", "people": "persons", "each": "every", "because": "since",
}


def typos(text, rng):
    """One word in ten with two letters swapped or one left out."""
    def slip(match):
        word = match.group()
        if rng.random() > 0.1:
            return word
        at = rng.randrange(1, len(word) - 1)
        if rng.random() < 0.5:
            return word[:at] + word[at + 1] + word[at] + word[at + 2:]
        return word[:at] + word[at + 1:]
    return re.sub(r"[^\W\d_]{4,}", slip, text)


def paraphrase(text):
    """English words by others of the same meaning."""
    pattern = r"\b(" + "|".join(map(re.escape, SAME)) + r")\b"
    return re.sub(pattern, lambda m: SAME[m.group().lower()], text, flags=re.I)


def variants(text, language, seed):
    rng = random.Random(seed)
    before, after = POLITE.get(language, POLITE["en"])
    lines = text.split("\n")
    out = {
        "typos": typos(text, rng),
        "upper": text.upper(),
        "lower": text.lower(),
        "spaces": "  " + re.sub(r" ", lambda m: "  " if rng.random() < 0.2 else " ", text).replace("\n", "\n\n") + "\n",
        "polite": before + text + after,
        "bold": "\n".join(f"**{line}**" if line.strip() and len(line) < 300 and "```" not in text else line for line in lines),
        "heading": "## Request\n\n" + text,
        "quote": '"' + text + '"',
        "no_stop": text.rstrip(" .!?。！？"),
    }
    if language == "en":
        out["paraphrase"] = paraphrase(text)
    return {kind: new for kind, new in out.items() if new != text}
