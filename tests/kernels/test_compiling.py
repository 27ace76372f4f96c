"""Only what Python calls is compiled; what a command calls is known before it runs."""

import importlib.util
import inspect
import json
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import numba
import numpy as np
import pytest

from dedup.kernels import _compiling, warming
from dedup.kernels._jit import INTERPRETED, log_compiling, njit, njit_inline, on_compile

RECORDER = Path(__file__).resolve().parents[2] / "scripts" / "record_kernels.py"
compiled = pytest.mark.skipif(INTERPRETED, reason="kernels are not compiled here")


@njit_inline
def twice(value):
    return value + value


@njit
def checked(values, k):
    if k >= len(values):
        raise IndexError("beyond the last value")
    return twice(values[k])


@njit
def outer(values, k):
    return checked(values, k) + 1


@njit
def first_places(size):
    return np.arange(size)


@njit
def squares(size):
    places = first_places(size)
    return places * places, places


def test_arrays_are_handed_over_and_returned():
    found, places = squares(4)
    assert found.tolist() == [0, 1, 4, 9]
    assert places.tolist() == first_places(4).tolist() == [0, 1, 2, 3]


@compiled
def test_an_inner_kernel_has_machine_code_only_where_python_calls_it():
    values = np.arange(5)
    assert outer(values, 3) == 7
    assert not checked.overloads
    assert checked(values, 3) == 6
    assert len(checked.overloads) == len(outer.overloads) == 1


@compiled
def test_threads_that_call_a_kernel_at_once_look_for_its_cache_first(monkeypatch):
    happened = []

    def slow(function):
        time.sleep(0.3)
        happened.append("looked")
        raise RuntimeError("no folder can be written")

    monkeypatch.setattr(_compiling, "KernelCache", slow)
    on_compile(lambda: happened.append("compiled"))
    kernel = njit(lambda value: value + 1)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(kernel, [1, 2])) == [2, 3]
    assert happened == ["looked", "compiled"]


@compiled
def test_a_program_that_uses_the_library_can_read_what_takes_so_long(caplog):
    log_compiling.cache_clear()
    numba.njit(lambda value: value + 1)(1)  # is not ours
    assert not caplog.records
    for kernel in (njit(lambda value: value + 1), njit(lambda value: value + 2)):
        kernel(1)
    (record,) = caplog.records
    assert record.name == "dedup"
    assert "once a machine" in record.getMessage()


@compiled
def test_kernels_are_read_where_nothing_can_be_written(monkeypatch, tmp_path):
    """As another user does, or in an image that is read-only."""
    monkeypatch.setitem(vars(numba.config), "CACHE_DIR", str(tmp_path))
    njit(first_places.py_func)(3)  # leaves it there
    function, mark = first_places.py_func, _compiling.ready_mark("scan")

    def refuse(**where):
        raise PermissionError(str(where))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(RuntimeError, match="no locator"):
        _compiling.KernelCache(function)  # another machine may have filled the folder
    (folder,) = tmp_path.iterdir()
    (folder / mark).touch()
    assert _compiling.is_kept(mark, function)
    assert not _compiling.is_kept(_compiling.ready_mark("compare"), function)
    assert _compiling.KernelCache(function).cache_path == str(folder)
    again = njit(function)
    assert again(4).tolist() == [0, 1, 2, 3]
    assert sum(again.stats.cache_hits.values()) == 1
    assert again(np.float64(2.0)).tolist() == [0, 1]  # compiled, and not kept
    with pytest.raises(RuntimeError, match="no locator"):
        _compiling.KernelCache(squares.py_func)


@pytest.mark.parametrize("kernel", [outer, checked])
def test_an_error_of_an_inner_kernel_comes_out(kernel):
    with pytest.raises(IndexError, match="beyond the last value"):
        kernel(np.arange(5), 5)


@compiled
def test_types_are_read_back():
    from numba import types

    from dedup.kernels._signatures import describe, read_type
    from dedup.kernels.text import Span

    read_only = types.Array(types.int32, 2, "C", readonly=True)
    kinds = [
        types.boolean,
        types.float64,
        types.uint8[::1],
        types.uint64[:],
        read_only,
        types.Tuple([types.int64, read_only]),
        types.UniTuple(types.int64, 3),
        types.NamedTuple([types.uint8[::1], types.int64, types.int64], Span),
        types.NamedUniTuple(types.int64, 3, Span),
    ]
    for kind in kinds:
        assert read_type(json.loads(json.dumps(describe(kind)))) == kind
    for kind in (types.literal(3), types.unicode_type, types.pyobject):
        with pytest.raises(ValueError, match=r".+"):
            describe(kind)


def test_recorded_kernels_exist_and_take_what_is_recorded():
    for row in warming.recorded():
        module, name = row.kernel.split(".")
        kernel = getattr(import_module(f"dedup.kernels.{module}"), name, None)
        assert kernel is not None, f"{row.kernel} is gone: run scripts/record_kernels.py"
        parameters = inspect.signature(getattr(kernel, "py_func", kernel)).parameters
        assert len(row.types) == len(parameters), f"{row.kernel}: run scripts/record_kernels.py"


def test_what_commands_call_is_recorded():
    """One command here, as it takes seconds; ``scripts/check`` compares all."""
    found = importlib.util.spec_from_file_location("record_kernels", RECORDER)
    recorder = importlib.util.module_from_spec(found)
    found.loader.exec_module(recorder)
    called = {
        (kernel, json.dumps(types)) for kernel, _, types in recorder.record(["search"])["search"]
    }
    known = {
        (row.kernel, json.dumps(row.types))
        for row in warming.recorded()
        if "search" in row.commands
    }
    assert called == known, "run scripts/record_kernels.py"


ECHO = "import sys\nfor line in sys.stdin: print(line.replace(' ', chr(10)), end='', flush=True)"


def empty_cache(monkeypatch, folder):
    monkeypatch.setitem(vars(numba.config), "CACHE_DIR", str(folder))
    place = _compiling.cache_folder_of(warming.rows_of)
    monkeypatch.setattr(warming, "cache_folder", lambda: place)


@compiled
@pytest.mark.parametrize(("script", "well"), [(ECHO, True), ("input()", False)])
def test_several_processes_compile_and_are_counted(monkeypatch, tmp_path, script, well):
    monkeypatch.setattr(warming, "_START", script)
    empty_cache(monkeypatch, tmp_path)
    told = []
    assert not warming.is_ready("scan")
    assert warming.warm(["scan"], lambda *figures: told.append(figures), 2) is well
    assert warming.is_ready("scan") is well
    total = len(warming.rows_of(["scan"]))
    assert told == [(k, total) for k in range(total + 1)] if well else told == [(0, total)]


@compiled
def test_a_command_is_ready_where_another_one_has_compiled_all_it_uses(monkeypatch, tmp_path):
    monkeypatch.setattr(warming, "_START", ECHO)
    empty_cache(monkeypatch, tmp_path)
    assert warming.warm(["against"], lambda *_: None, 2)
    assert warming.is_ready("scan")
    assert not warming.is_ready("filter")
