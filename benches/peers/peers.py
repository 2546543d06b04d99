"""Other ways to search the same books, measured: a search with scikit-learn as it is often written, and SQLite FTS5.

Reads one JSON object from standard input (books, passages, queries, stop_words, rounds, slow_rounds) and writes one with the
times of every query in nanoseconds. `cargo xtask bench peers` runs it and prints the table.
"""

import json
import re
import sqlite3
import string
import sys
import time

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

MOST_RESULTS = 20
THRESHOLD = 0.01
SNIPPET_WORDS = 32


class ScikitLearn:
    """TF-IDF over whole books, and for every hit the book split into words again to find a passage."""

    contractions = {
        "cannot": ("can", "not"),
        "gimme": ("gim", "me"),
        "gonna": ("gon", "na"),
        "gotta": ("got", "ta"),
        "lemme": ("lem", "me"),
        "wanna": ("wan", "na"),
    }
    no_punctuation = str.maketrans("", "", string.punctuation)

    def __init__(self, books, stop_words):
        self.books = books
        self.stop_words = frozenset(stop_words)
        self.vectorizer = TfidfVectorizer(
            tokenizer=self.tokens, lowercase=False, token_pattern=None, ngram_range=(1, 2), max_features=5000
        )
        self.matrix = self.vectorizer.fit_transform(books)

    def tokens(self, text):
        words = text.lower().translate(self.no_punctuation).split()
        parts = (part for word in words for part in self.contractions.get(word, (word,)))
        return [part for part in parts if len(part) > 2 and part not in self.stop_words]

    def search(self, query):
        wanted = self.tokens(query)
        scores = cosine_similarity(self.vectorizer.transform([query]), self.matrix)[0]
        found = [number for number in range(len(self.books)) if scores[number] > THRESHOLD]
        found.sort(key=lambda number: -scores[number])
        return [(number, scores[number], self.snippet(number, wanted)) for number in found[:MOST_RESULTS]]

    def snippet(self, number, wanted):
        words = self.tokens(self.books[number])
        first = next((place for place, word in enumerate(words) if word in wanted), 0)
        start = max(0, first - SNIPPET_WORDS // 2)
        return " ".join(words[start : start + SNIPPET_WORDS])


class Fts5:
    """The passages in an FTS5 table in memory, stemmed, by bm25, with its own snippets; any word of the query may match."""

    select = (
        f"SELECT rowid, rank, snippet(passages, 0, '[', ']', '...', {SNIPPET_WORDS}) "
        f"FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT {MOST_RESULTS}"
    )

    def __init__(self, passages):
        self.database = sqlite3.connect(":memory:")
        self.database.execute("CREATE VIRTUAL TABLE passages USING fts5(text, tokenize = 'porter unicode61')")
        self.database.executemany("INSERT INTO passages(text) VALUES (?)", ((text,) for text in passages))
        self.database.execute("INSERT INTO passages(passages) VALUES ('optimize')")
        self.database.commit()

    @staticmethod
    def match(query):
        """The query in the syntax of FTS5, made before the time is taken."""
        return " OR ".join(f'"{word}"' for word in re.findall(r"\w+", query))

    def search(self, match):
        # The connection keeps the prepared statement.
        return self.database.execute(self.select, (match,)).fetchall()


def measure(search, queries, rounds):
    """Asks every query in turn; the first round fills caches and counts the hits."""
    found = [len(search(query)) for query in queries]
    times = [[] for _ in queries]
    for _ in range(rounds):
        for query, kept in zip(queries, times):
            begin = time.perf_counter_ns()
            search(query)
            kept.append(time.perf_counter_ns() - begin)
    return {"found": found, "times_ns": times}


def main():
    asked = json.load(sys.stdin)
    queries = asked["queries"]
    scikit_learn = ScikitLearn(asked["books"], asked["stop_words"])
    slow = measure(scikit_learn.search, queries, asked["slow_rounds"])
    fts5 = Fts5([asked["books"][book][begin:end] for book, begin, end in asked["passages"]])
    fast = measure(fts5.search, [Fts5.match(query) for query in queries], asked["rounds"])
    answer = [
        {"name": f"scikit-learn {sklearn.__version__}, books split again for snippets", **slow},
        {"name": f"SQLite FTS5 {sqlite3.sqlite_version}, passages", **fast},
    ]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
