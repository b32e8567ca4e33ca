"""`make bench`: run the table, print it, and write this machine's part of results.json and
growth.json, line by line, and then the pictures: speed.png, growth.png, memory.png.

`python -m benchmarks tokenizer vit` runs the lines that have one of these words, and writes these
alone anew."""
import argparse, json, time, traceback
from pathlib import Path

import torch
from . import cases  # noqa: F401 (fills CASES)
from . import growth, plots
from .machine import machine
from .timing import CASES, alternate, summary

HERE = Path(__file__).parent

def show(r):
    "A line of the table as text."
    if 'ratio' not in r: return f"{r['name']:64}  {r.get('left_out') or 'FAILED: ' + r['error']}"
    scale, unit = (1000, 'ms') if r['unit'] == 's' else (1, r['unit'])
    parts = (f"{r['name']:64}{scale * r['theirs']:9.1f}{scale * r['ours']:9.1f} "
             f"{unit}{r['ratio']:7.2f}x")
    parts += f"  (at least {r['target']:g})" if r['target'] else ' ' * 16
    if r['floor'] is not None:
        parts += (f"   {scale * r['floor']:8.1f} {unit} {r['floor_name']}: "
                  f"{r['over_floor']:.2f} of it")
    return parts + ('' if r['met'] else '   NOT MET')

def run(c):
    "What one run of a line gave: costs, or why there are none, or what failed."
    try:
        race = c.start()
        return race if isinstance(race, str) else alternate(race, c.runs, seconds=c.seconds)
    except Exception as e:  # the other lines go on
        traceback.print_exc()
        return e

def line(c, passes):
    "The line of a table that these runs make."
    failed = next((p for p in passes if isinstance(p, Exception)), None)
    if failed is None: return summary(c, passes)
    return dict(group=c.group, name=c.name, error=f'{type(failed).__name__}: {failed}'[:200])

def keep(file, value):
    "Put what this machine has measured into a file, beside that of others."
    path, key = HERE/file, machine()['processor']
    kept = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(kept | {key: value}, indent=1) + '\n')

def in_place(rows):
    "This machine's table with these lines in their places; each names the commit it is of."
    path, made = HERE/'results.json', machine()
    kept = json.loads(path.read_text()) if path.exists() else {}
    table = kept.get(made['processor'], dict(machine=made, rows=[]))
    new = {r['name']: r for r in table['rows']}
    new |= {r['name']: r | {'commit': made['commit']} for r in rows}
    return table | {'rows': [new[c.name] for c in CASES if c.name in new]}

def main():
    p = argparse.ArgumentParser(prog='python -m benchmarks')
    p.add_argument('words', nargs='*',
                   help='only the lines that have one of these words')
    p.add_argument('--times', type=int, default=1,
                   help='run the whole table so often, and take the median')
    p.add_argument('--device', choices=['cpu', 'cuda'], default='cpu',
                   help='cuda: the table of a GPU instead, written to gpu.json')
    args = p.parse_args()
    if args.device == 'cuda':
        from . import gpu
        return gpu.main()
    torch.set_num_threads(2)
    chosen = [c for c in CASES
              if not args.words or any(w.lower() in c.name.lower() for w in args.words)]
    passes, start = {c.name: [] for c in chosen}, time.time()
    print(*(f'{k}: {v}' for k, v in machine().items()), sep='\n')
    for k in range(args.times):
        for i, c in enumerate(chosen):
            passes[c.name].append(run(c))
            print(f'{time.time() - start:5.0f} s  {k * len(chosen) + i + 1}/'
                  f'{args.times * len(chosen)}  {show(line(c, passes[c.name][-1:]))}', flush=True)
            rows = [line(c, passes[c.name]) for c in chosen if passes[c.name]]
            table = in_place(rows) if args.words else dict(machine=machine(), rows=rows)
            keep('results.json', table)
    if args.times > 1:
        print(f'\nmedians of {args.times} times:')
        for r in rows: print(show(r), ' '.join(f'{x:.2f}' for x in r.get('ratios', ())))
    if args.words: return
    print('how cost grows:', flush=True)
    keep('growth.json', growth.measure())
    kept = [json.loads((HERE/f'{n}.json').read_text()) for n in ('results', 'growth')]
    plots.draw_all(*kept, HERE.parent)  # beside the pages, which show them
    print(f'written: {HERE.name}/results.json, {HERE.name}/growth.json and three pictures; '
          f'{sum(r.get("met", False) for r in rows)} of {len(rows)} lines reach their aim')
    if failed := [r['name'] for r in rows if 'error' in r]: raise SystemExit(f'failed: {failed}')

if __name__ == '__main__': main()
