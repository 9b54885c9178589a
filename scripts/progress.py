"""A bar for long work, where a person looks at a terminal; nothing where the output goes elsewhere."""

from tqdm import tqdm


def steps(each, what: str):
    return tqdm(each, desc=what, leave=False, disable=None)
