"""Write a stub (.pyi) beside each module: `make export` runs it.

A method that is added with @patch stands outside of its class, where neither a type checker nor an editor looks for it; nor do they
see what `store_attr`, @delegates and loops make. Here all that is put where they look, and mypy's stubgen writes the signatures."""
import ast, inspect, re, tempfile
from importlib import import_module
from pathlib import Path
from mypy.stubgen import main as stubgen

PACKAGE = Path('transformers_lite')
KINDS = dict(cls_method='classmethod', as_prop='property', set_prop='{}.setter') # of methods, as `patch` names them

def decorator(
    node, # a statement
    name, # of a decorator
): # the decorator, or None
    "The decorator of that name."
    return next((d for d in getattr(node, 'decorator_list', []) if ast.unparse(d).split('(')[0] == name), None)

def as_method(
    f, # a function with @patch
    cls, # its class
): # the same function, as it would stand in its class
    "Turn @patch into what Python has for it."
    kinds = [KINDS[k.arg].format(f.name) for k in getattr(decorator(f, 'patch'), 'keywords', [])]
    f.decorator_list = [*(ast.parse(k, mode='eval').body for k in kinds), *filter(None, [decorator(f, 'delegates')])]
    f.args.args[0].annotation = None
    return f

def spell_out(
    f, # a method with @delegates
    classes, # {name: (module, class)}
):
    "Put the arguments that @delegates stands for into a method."
    d = decorator(f, 'delegates')
    _, home = classes[ast.unparse(d.args[0].value)]
    to = next(n for n in home.body if getattr(n, 'name', '') == d.args[0].attr).args
    new = [(a, v) for a, v in zip(to.args[1:], [None]*(len(to.args) - 1 - len(to.defaults)) + to.defaults) if v and a.arg not in {a.arg for a in f.args.args}]
    f.args.kwonlyargs, f.args.kw_defaults, f.args.kwarg = [a for a, _ in new], [v for _, v in new], None
    f.decorator_list.remove(d)

def single_assignments(
    f, # a constructor
): # statements
    "One attribute to a line, with its type where the source shows it: an argument's, or the class that is called."
    args = {a.arg: a.annotation for a in [*f.args.args[1:], *f.args.kwonlyargs]}
    for n in f.body:
        if ast.unparse(n).startswith('store_attr('): pairs = [(ast.parse(f'self.{a}').body[0].value, ast.Name(a)) for a in args]
        elif isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple) and isinstance(n.value, ast.Tuple): pairs = zip(n.targets[0].elts, n.value.elts)
        elif isinstance(n, ast.Assign) and len(n.targets) == 1: pairs = [(n.targets[0], n.value)]
        else: yield n; continue
        for target, value in pairs:
            kind = args.get(value.id) if isinstance(value, ast.Name) else value.func if isinstance(value, ast.Call) and re.search(r'(^|\.)[A-Z]\w+$', ast.unparse(value.func)) else None
            if kind and isinstance(target, ast.Attribute): yield ast.AnnAssign(target=target, annotation=kind, value=value, simple=0)
            else: yield ast.Assign(targets=[target], value=value, lineno=0)

def made_properties(
    cls, # a class
    live, # the same class, imported
): # definitions
    "Properties that a loop made, which no source shows."
    written = {getattr(n, 'name', '') for n in cls.body}
    made = {k: p for k, p in vars(live).items() if isinstance(p, property) and k not in written and k[0] != '_'}
    kinds = {k: inspect.formatannotation(p.fget.__annotations__['return']) for k, p in made.items()}
    return [n for k, kind in kinds.items() for n in ast.parse(f'@property\ndef {k}(self) -> {kind}: ...\n@{k}.setter\ndef {k}(self, value: {kind}): ...').body]

def merged(): # {module: its source, with all that belongs to a class inside it}
    "The modules as a type checker likes them."
    trees = {p.stem: ast.parse(p.read_text(encoding='utf-8')) for p in sorted(PACKAGE.glob('[a-z]*.py'))}
    classes = {c.name: (m, c) for m, t in trees.items() for c in t.body if isinstance(c, ast.ClassDef)}
    for t in trees.values():
        for f in [n for n in t.body if decorator(n, 'patch')]:
            t.body.remove(f)
            cls = classes[ast.unparse(f.args.args[0].annotation)][1]
            f = as_method(f, cls)
            if not decorator(f, f'{f.name}.setter'): cls.body = [n for n in cls.body if getattr(n, 'name', '') != f.name]
            cls.body.append(f)
    for m, c in classes.values():
        for f in c.body:
            if decorator(f, 'delegates'): spell_out(f, classes)
            if getattr(f, 'name', '') == '__init__': f.body = list(single_assignments(f))
        if m != 'tf': c.body += made_properties(c, getattr(import_module(f'{PACKAGE}.{m}'), c.name)) # TensorFlow is an extra, and no loop makes anything there
    return {m: ast.unparse(t) for m, t in trees.items()}

def write_stubs(
    to, # folder for the stubs
):
    "A stub for each module."
    with tempfile.TemporaryDirectory() as d:
        for m, source in merged().items(): (Path(d)/f'{m}.py').write_text(source, encoding='utf-8')
        stubgen(['--quiet', '--include-private', '--output', str(to), *map(str, sorted(Path(d).glob('*.py')))])

if __name__ == '__main__': write_stubs(PACKAGE)
