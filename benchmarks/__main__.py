"`make bench`: run the table, print it, and write results.json and the charts. `python -m benchmarks tokenizer vit` runs the lines with these words."
import argparse

import torch
from . import cases  # fills CASES
from .timing import CASES, alternate, summary

def show(r):
    scale, unit = (1000, 'ms') if r['unit'] == 's' else (1, r['unit'])
    parts = f"{r['name']:58}{scale * r['theirs']:10.1f}{scale * r['ours']:10.1f} {unit}{r['ratio']:7.2f}x"
    parts += f"  (at least {r['target']:g})" if r['target'] else ' ' * 16
    if r['floor'] is not None: parts += f"   {scale * r['floor']:8.1f} {unit} {r['floor_name']}: {r['over_floor']:.2f} of it"
    return parts + ('' if r['met'] else '   NOT MET')

def main():
    p = argparse.ArgumentParser(prog='python -m benchmarks')
    p.add_argument('words', nargs='*', help='run only the lines that have one of these words')
    p.add_argument('--quick', action='store_true', help='a third of the runs')
    args = p.parse_args()
    torch.set_num_threads(2)
    rows = []
    for c in CASES:
        if args.words and not any(w.lower() in c.name.lower() for w in args.words): continue
        c.runs = max(3, c.runs // 3) if args.quick else c.runs
        rows.append(summary(c, alternate(c.start(), c.runs)))
        print(show(rows[-1]), flush=True)

if __name__ == '__main__': main()
