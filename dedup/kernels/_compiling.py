"""Compile only what Python calls; what kernels call of each other is linked into it once.

Numba makes of every function a library of its own: optimised, turned into machine code, and
wrapped for Python and for C. A caller takes in the libraries it calls and optimises all of them
again. Of 300 kernels a scan runs, Python calls 70; the code and the wrappers of the others are
never used, and each is optimised once more in every kernel that leads to it.

Here a kernel called by another is typed and lowered only (*inner*). A kernel called from Python
takes in all that it leads to, each once, and that module is optimised and compiled. What is
optimised in the end is the same code, so results and speed are the same.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba import _dynfunc
from numba.core import caching, codegen, cpu, registry, sigutils, types, typing
from numba.core.compiler_lock import global_compiler_lock
from numba.core.environment import lookup_environment
from numba.core.runtime import rtsys

RECORD = Path(__file__).with_name("signatures.json")
_ENVIRONMENT = "_ZN08NumbaEnv"  # how the names of environments begin
_SORTS = "numba.misc."  # functions of Numba that are wrapped for Python, which never calls them


class KernelLibrary(codegen.JITCodeLibrary):
    """The code of one function, made machine code only when its address is asked for.

    Numba's own library as seen from outside; two of them are linked before they are optimised.
    """

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, name)
        self._own: Any = None

    def add_llvm_module(self, module: Any) -> None:
        """Take in a module, each function of it simplified by itself."""
        self._optimize_functions(module)
        self._final_module.link_in(module)

    def add_linking_library(self, library: Any) -> None:
        """Note what is to be linked in the end."""
        if not isinstance(library, KernelLibrary):
            library._ensure_finalized()
        self._linking_libraries.append(library)

    def finalize(self) -> None:
        """Link what is called, directly or not, each once; optimise it and make it executable."""
        self._codegen._check_llvm_bugs()
        self._raise_if_finalized()
        self.own_module()
        for library in self._called():
            self._final_module.link_in(_module_of(library), preserve=True)
        self._optimize_final_module()
        self._final_module.verify()
        self._finalize_final_module()
        for variable in self._final_module.global_variables:
            environment = (
                lookup_environment(variable.name)
                if variable.name.startswith(_ENVIRONMENT)
                else None
            )
            if environment is not None:
                self._codegen.set_env(variable.name, environment)

    def is_called_by_python(self, wrapper: str) -> bool:
        """Return whether there is anything here that Python calls; of the cache, all is."""
        return bool(self._finalized) or wrapper in _exported(self._final_module)

    def own_module(self) -> Any:
        """Return this function alone, to be linked into several others."""
        if self._own is None:
            self._own = self._final_module.clone()
            for name in _exported(self._own):
                self._own.get_function(name).linkage = "linkonce_odr"
        return self._own

    def _called(self) -> list[Any]:
        """Return all libraries this one leads to, in the order in which they are met."""
        found: dict[int, Any] = {}
        waiting = list(self._linking_libraries)
        while waiting:
            library = waiting.pop(0)
            if library is self or id(library) in found:
                continue
            found[id(library)] = library
            if isinstance(library, KernelLibrary):
                waiting.extend(library._linking_libraries)
        return list(found.values())

    def serialize_using_object_code(self) -> tuple[str, str, tuple[bytes, bytes]]:
        """Return what the cache keeps: the machine code, and the names in it without the code.

        Numba keeps the optimised module too, for callers to take in; none takes it from here.
        """
        self._ensure_finalized()
        names = _exported(self._final_module)
        stub = "\n".join(f'define void @"{name}"() {{ ret void }}' for name in names)
        return (
            self.name,
            "object",
            (self._get_compiled_object(), llvm.parse_assembly(stub).as_bitcode()),
        )


def _module_of(library: Any) -> Any:
    if isinstance(library, KernelLibrary):
        return library.own_module()
    return library._get_module_for_linking()


def _exported(module: Any) -> list[str]:
    """Return the names of the functions that a module defines for others."""
    return [
        each.name
        for each in module.functions
        if not each.is_declaration and each.linkage == llvm.Linkage.external
    ]


class _Filled:
    """A folder of the cache, of those that Numba looks at; it need not be written to if it is full.

    Kernels that root compiled into an image are so read by another user, and where the image is
    read-only.
    """

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        super().__init__(function, file)  # type: ignore[call-arg]
        self._kept = f"{Path(file).stem}.{function.__qualname__}-*.nbi"

    def ensure_cache_path(self) -> None:
        """Raise ``OSError`` where the folder cannot be written and holds nothing of a kernel."""
        try:
            super().ensure_cache_path()  # type: ignore[misc]
        except OSError:
            folder = Path(self.get_cache_path())  # type: ignore[attr-defined]
            if not any(folder.glob(ready_mark("*"))) or not any(folder.glob(self._kept)):
                raise


class _KernelForm(caching.CompileResultCacheImpl):
    """How a kernel is kept on disk."""

    _locator_classes = tuple(
        type(each.__name__, (_Filled, each), {})
        for each in caching.CompileResultCacheImpl._locator_classes
    )

    def reduce(self, compiled: Any) -> Any:
        """Return what is kept: of what it leads to, only environments that hold constants.

        Numba keeps one for each function linked in, and in each process makes it anew and imports
        its module: that took half of the time of loading. A kernel that came to need one that is
        not there raises ``RuntimeError``.
        """
        *kept, environments = compiled._reduce()
        return (*kept, tuple(each for each in environments if each.consts))


class KernelCache(caching.FunctionCache):
    """The cache of a kernel, read without all that Numba loads before it compiles."""

    _impl_class = _KernelForm

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the kernel for arguments of these types; None where it is to be compiled."""
        rtsys.initialize(target_context)  # what kernels call to allocate arrays
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel, if it can be: there may be no room, or no right to write."""
        with suppress(OSError):
            super().save_overload(sig, data)


class Kernel(registry.CPUDispatcher):
    """A function that is compiled once for Python and, apart from that, once for other kernels."""

    def __init__(
        self, py_func: Any, locals: Any = None, targetoptions: Any = None, **rest: Any
    ) -> None:
        options = {**(targetoptions or {}), "no_cfunc_wrapper": True}
        super().__init__(py_func, locals or {}, options, **rest)
        self._inner: dict[tuple[Any, ...], Any] = {}
        self._is_cached = False

    @functools.cached_property
    def _inner_compiler(self) -> Any:
        options = {**self.targetoptions, "no_cpython_wrapper": True}
        made = type(self._compiler)
        return made(
            self.py_func, self.targetdescr, options, self.locals, self._compiler.pipeline_class
        )

    def enable_caching(self) -> None:
        """Keep on disk what is compiled, where a folder can be written."""
        self._is_cached = True

    def find_cache(self) -> Path | None:
        """Return the folder of the cache, which holds for as long as no kernel's source changes.

        Numba looks at the file of a kernel alone, not at those of the kernels linked into it. It
        also writes a file to see whether it can; so this is done for kernels that Python calls.
        """
        if self._is_cached:
            self._is_cached = False
            with suppress(RuntimeError):  # no folder can be written
                self._cache = KernelCache(self.py_func)
                self._cache._cache_file._source_stamp = source_stamp()
        folder = self._cache.cache_path
        return Path(folder) if folder else None

    def _compilation_chain_init_hook(self) -> None:
        """Look for no extensions of Numba, which it loads where it compiles."""

    def get_call_template(
        self, args: Any, kws: Any
    ) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
        """Return how another kernel may call this one with arguments of these types."""
        signature, args = self._compiler.fold_argument_types(args, kws)
        args = tuple(args)
        with _as_kernels(), self._compiling_counter:
            if args not in self._inner:
                self._inner[args] = self._inner_compiler.compile(args, None)
        name = self.py_func.__name__
        template = typing.make_concrete_template(
            f"CallTemplate({name})", key=name, signatures=[self._inner[args].signature]
        )
        return template, signature, args, {}

    def get_overload(self, sig: Any) -> Any:
        """Return what stands for the kernel of these types where another one calls it."""
        args, _ = sigutils.normalize_signature(sig)
        return self._inner[tuple(args)].entry_point

    def compile(self, sig: Any) -> Any:
        """Return the kernel for arguments of these types as Python calls it."""
        with _as_kernels():  # of threads that call it at once, one looks for the cache
            self.find_cache()
            entry = super().compile(sig)
        for tell in on_use:
            tell(self, sigutils.normalize_signature(sig)[0])
        return entry


def is_interpreted() -> bool:
    """Return whether kernels run as plain Python functions in this process."""
    return bool(vars(numba.config)["DISABLE_JIT"])


def leave_uncompiled() -> None:
    """Have kernels that are imported from now on run as plain Python functions."""
    vars(numba.config)["DISABLE_JIT"] = 1


def cache_folder_of(function: Callable[..., Any]) -> Path | None:
    """Return where what is compiled of a function's file would be kept; None if nowhere can be."""
    try:
        return Path(KernelCache(function).cache_path)
    except RuntimeError:  # no folder can be written
        return None


@functools.cache
def source_stamp() -> str:
    """Return what is different whenever a source of the kernels is."""
    found = sorted(Path(__file__).parent.glob("*.py"))
    stats = [(each.name, each.stat().st_mtime_ns, each.stat().st_size) for each in found]
    return hashlib.sha256(repr(stats).encode()).hexdigest()


@functools.cache
def _circumstances() -> str:
    """Return what is different wherever other kernels would be compiled."""
    features = llvm.get_host_cpu_features().flatten()
    processor = str(llvm.get_host_cpu_name()), str(features)
    state = source_stamp(), (numba.__version__, *processor), platform.python_version()
    return hashlib.sha256(repr(state).encode() + RECORD.read_bytes()).hexdigest()


def ready_mark(command: str) -> str:
    """Return the name of the file that says that a command compiles nothing on this machine."""
    return f"dedup-{command}-{_circumstances()[:16]}.ready"


def is_kept(name: str, function: Callable[..., Any]) -> bool:
    """Return whether a file is in the first folder for kernels that holds it or can be written.

    ``function`` is any of the folder of the kernels.
    """
    file = str(inspect.getsourcefile(function))
    # Named by the user, beside the sources, in the home of the user; two more are for no module.
    for place in _KernelForm._locator_classes[0 if vars(numba.config)["CACHE_DIR"] else 1 : 3]:
        is_there = (Path(place(function, file).get_cache_path()) / name).exists()
        if is_there or place.from_function(function, file) is not None:
            return is_there
    return False


def size_of(kernel: Kernel, args: tuple[Any, ...]) -> int:
    """Return how many bytes the cache keeps of a kernel; 0 where it keeps none."""
    folder, cache = kernel.find_cache(), kernel._cache
    if folder is None:
        return 0
    key = cache._index_key(args, kernel.targetctx.codegen())
    name = cache._cache_file._load_index().get(key)
    return (folder / name).stat().st_size if name else 0


on_use: list[Callable[[Kernel, tuple[Any, ...]], None]] = []  # told of each kernel and its types
_state = threading.local()
_call_type = types.BaseFunction.get_call_type
_typed: dict[tuple[Any, Any], Any] = {}


def _remembered(self: Any, context: Any, args: Any, kws: Any) -> Any:
    """Return the type of a call of a function of Numba's own, which is always the same."""
    if kws or type(self) is not types.Function:
        return _call_type(self, context, args, kws)
    found = _typed.get((self, args))
    if found is None:
        found = _call_type(self, context, args, kws)
        _typed[self, args] = found
    return found


class _Context(cpu.CPUContext):
    """What a context does differently while kernels are compiled."""

    def create_cpython_wrapper(
        self, library: Any, description: Any, *rest: Any, **named: Any
    ) -> None:
        """Wrap a function for Python, unless it is one of Numba's that Python never calls."""
        if not description.modname.startswith(_SORTS):
            _wrap(self, library, description, *rest, **named)

    def create_cfunc_wrapper(self, *rest: Any, **named: Any) -> None:
        """Wrap nothing for C, which calls no kernel."""

    def get_executable(self, library: Any, description: Any, environment: Any) -> Any:
        """Return what Python calls; for an inner kernel, something that stands for it."""
        name = description.llvm_cpython_wrapper_name
        if not isinstance(library, KernelLibrary) or library.is_called_by_python(name):
            return _execute(self, library, description, environment)
        module, qualified = description.lookup_module(), description.qualname
        return _dynfunc.make_function(module, qualified, "inner", 0, environment, (library,))


_wrap = cpu.CPUContext.create_cpython_wrapper
_execute = cpu.CPUContext.get_executable
_CHANGED = [
    (cpu.CPUContext, "create_cpython_wrapper", _Context.create_cpython_wrapper),
    (cpu.CPUContext, "create_cfunc_wrapper", _Context.create_cfunc_wrapper),
    (cpu.CPUContext, "get_executable", _Context.get_executable),
    (codegen.JITCPUCodegen, "_library_class", KernelLibrary),
    (types.BaseFunction, "get_call_type", _remembered),
]


@contextmanager
def _as_kernels() -> Iterator[None]:
    """Compile what is compiled within as kernels, and nothing in any other thread meanwhile."""
    with global_compiler_lock:
        if getattr(_state, "on", False):
            yield
            return
        before = [getattr(owner, name) for owner, name, _ in _CHANGED]
        for owner, name, value in _CHANGED:
            setattr(owner, name, value)
        _state.on = True
        try:
            yield
        finally:
            _state.on = False
            for (owner, name, _), value in zip(_CHANGED, before, strict=True):
                setattr(owner, name, value)
