"""A million short texts, read as a stream: how long do they take? Some minutes of them are really
embedded, by ours and then by theirs, and the rest is told from those.

`python -m benchmarks.million --minutes 10` writes this machine's part of million.json."""
import argparse, csv, gzip, random, time

import psutil, torch, transformers as T
import transformers_lite as L
from .__main__ import keep
from .cases import ROOT, SENTIMENT
from .machine import machine

def stream():
    "Sentences without end, drawn by chance: no list of them is ever made."
    with gzip.open(ROOT/'nbs/data/sentiment/snippets.tsv.gz', 'rt', encoding='utf-8') as f:
        texts = [row[-1] for row in csv.reader(f, delimiter='\t', quoting=csv.QUOTE_NONE)][1:]
    draw = random.Random(0)
    while True: yield draw.choice(texts)

def as_they_come(tokenizer, size=64):
    "The usual loop: so many texts a batch, in their order."
    texts = stream()
    while True:
        yield tokenizer([next(texts) for _ in range(size)], padding=True, truncation=True,
                        return_tensors='pt')

@torch.inference_mode()
def embed(batches, model, seconds):
    "A vector for each text: how many a second in each sixth of the time, and the memory then."
    began, done, marks = time.perf_counter(), 0, [(0., 0)]
    for batch in batches:
        hidden, mask = model(**batch).last_hidden_state, batch['attention_mask'][..., None]
        done += len((hidden * mask).sum(1) / mask.sum(1))
        took = time.perf_counter() - began
        if took >= len(marks) * seconds / 6: marks.append((took, done))
        if took >= seconds: break
    rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(marks, marks[1:])]
    return dict(texts=done, seconds=took, rates=rates, memory=psutil.Process().memory_info().rss)

def main():
    p = argparse.ArgumentParser(prog='python -m benchmarks.million')
    p.add_argument('--minutes', type=float, default=10, help='of ours; theirs has a fifth of it')
    seconds = 60 * p.parse_args().minutes
    torch.set_num_threads(2)
    torch.manual_seed(0)
    ours = L.DistilBertModel(L.DistilBertConfig()).eval()
    theirs = T.DistilBertModel(T.DistilBertConfig()).eval()
    theirs.load_state_dict(ours.state_dict())
    tokenizer = L.DistilBertTokenizerFast.from_pretrained(SENTIMENT)
    batches = L.stream_bucketed(stream(), 4000, tokenizer, window=1000, truncation=True)
    found = dict(machine=machine(), ours=embed(batches, ours, seconds),
                 theirs=embed(as_they_come(T.DistilBertTokenizerFast.from_pretrained(SENTIMENT)),
                              theirs, seconds / 5))
    for who in ('ours', 'theirs'):
        rate = found[who]['texts'] / found[who]['seconds']
        print(f"{who}: {found[who]['texts']:,} texts in {found[who]['seconds']:.0f} s, "
              f'{rate:.0f} a second; a million in {1e6 / rate / 3600:.1f} hours')
    keep('million.json', found)

if __name__ == '__main__': main()
