"""`make bench`: run the table, print it, and write results.json, growth.json and nbs/speed.png.

`python -m benchmarks tokenizer vit` runs the lines that have one of these words."""
import argparse, json, platform
from pathlib import Path

import torch, transformers
from . import cases  # noqa: F401 (fills CASES)
from . import growth, plots
from .timing import CASES, alternate, summary

HERE = Path(__file__).parent

def show(r):
    "A line of the table as text."
    scale, unit = (1000, 'ms') if r['unit'] == 's' else (1, r['unit'])
    parts = (f"{r['name']:64}{scale * r['theirs']:9.1f}{scale * r['ours']:9.1f} "
             f"{unit}{r['ratio']:7.2f}x")
    parts += f"  (at least {r['target']:g})" if r['target'] else ' ' * 16
    if r['floor'] is not None:
        parts += (f"   {scale * r['floor']:8.1f} {unit} {r['floor_name']}: "
                  f"{r['over_floor']:.2f} of it")
    return parts + ('' if r['met'] else '   NOT MET')

def machine():
    "What the numbers were measured on."
    return dict(cores=2, processor=plots.processor(), python=platform.python_version(),
                torch=torch.__version__, transformers=transformers.__version__)

def main():
    p = argparse.ArgumentParser(prog='python -m benchmarks')
    p.add_argument('words', nargs='*',
                   help='only the lines that have one of these words; nothing is written then')
    p.add_argument('--times', type=int, default=1,
                   help='run the whole table so often, and take the median')
    args = p.parse_args()
    torch.set_num_threads(2)
    chosen = [c for c in CASES
              if not args.words or any(w.lower() in c.name.lower() for w in args.words)]
    passes = {c.name: [] for c in chosen}
    for k in range(args.times):
        for c in chosen:
            passes[c.name].append(alternate(c.start(), c.runs))
            print(show(summary(c, passes[c.name][-1:])), flush=True)
    rows = [summary(c, passes[c.name]) for c in chosen]
    if args.times > 1:
        print(f'\nmedians of {args.times} times:')
        for r in rows: print(show(r), ' '.join(f'{x:.2f}' for x in r['ratios']))
    if args.words: return
    (HERE/'results.json').write_text(
        json.dumps(dict(machine=machine(), rows=rows), indent=1) + '\n')
    (HERE/'growth.json').write_text(json.dumps(growth.measure(), indent=1) + '\n')
    plots.chart(rows).savefig(HERE.parent/'speed.png', dpi=80)  # beside the pages, which show it
    print(f'written: {HERE.name}/results.json, {HERE.name}/growth.json and speed.png; '
          f'{sum(r["met"] for r in rows)} of {len(rows)} lines reach their aim')

if __name__ == '__main__': main()
