"""Every Numba setting, once.

Kernels release the GIL and are cached on disk. Fast-math stays off: results must be the same bytes
on every machine. Numba falls back to a user-wide cache folder where the package folder is
read-only; where neither can be written the kernels compile again in each process.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
from numba.core import event, types
from numba.extending import intrinsic

from dedup.kernels._compiling import Kernel, is_interpreted

INTERPRETED = is_interpreted()


def drop_stale(folder: Path) -> None:
    """Remove kernels cached, and marks made, before the newest source in ``folder`` was written.

    Numba looks at the file of a kernel alone, not at those of the kernels it was compiled with.
    """
    newest = max(each.stat().st_mtime_ns for each in folder.glob("*.py"))
    with suppress(OSError), os.scandir(folder / "__pycache__") as entries:
        for each in entries:
            if each.name.endswith((".nbi", ".nbc", ".ready")) and each.stat().st_mtime_ns < newest:
                Path(each.path).unlink()


drop_stale(Path(__file__).parent)


def njit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` on first use, without the GIL, cached on disk where that is possible.

    Numba finds the types of a kernel from its arguments, so kernels carry no annotations.
    """
    return _cached(function, _nrt=True)


def njit_uncounted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as ``njit`` a kernel that makes no array and returns none.

    Numba counts references to an array whenever a kernel takes it out of a tuple or hands it on,
    which costs more than the work of a loop over tokens. Here nothing is counted: the caller holds
    the arrays. Such a kernel calls no other kind (tests/kernels/test_registry.py).
    """
    return _cached(function, _nrt=False)


def _cached(function: Callable[..., Any], **options: bool) -> Callable[..., Any]:
    made = _made(function, **options)
    if not INTERPRETED:
        made.enable_caching()
    return cast("Callable[..., Any]", made)


def njit_inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` into each kernel that calls it: a step of a loop over every character.

    A tuple that such a step takes and returns stays in registers then. As in ``njit_uncounted`` it
    makes no array and returns none.
    """
    return cast("Callable[..., Any]", _made(function, forceinline=True, _nrt=False))


def _made(function: Callable[..., Any], **options: bool) -> Any:
    # Each kernel says whether it counts references (`_nrt`): without a value of its own it would
    # do as the first one that calls it.
    if INTERPRETED:
        return function
    return Kernel(
        function, {}, {"nopython": True, "nogil": True, "error_model": "numpy", **options}
    )


class _CompileListener(event.Listener):
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def on_start(self, event: Any) -> None:
        if isinstance(event.data["dispatcher"], Kernel):  # and not somebody else's function
            self._callback()

    def on_end(self, event: Any) -> None:
        pass


def on_compile(callback: Callable[[], None]) -> None:
    """Call ``callback`` whenever a kernel is compiled rather than loaded from the cache."""
    event.register("numba:compile", _CompileListener(callback))


@functools.cache
def log_compiling() -> None:
    """Log, once a process, why the first call takes so long; a command says it by itself."""
    logging.getLogger("dedup").warning(
        "compiling the inner loops, once a machine (about a minute); `dedup warmup` does it ahead"
    )


on_compile(log_compiling)

if INTERPRETED:

    def load8(data: Any, position: Any) -> Any:
        """Return the eight bytes at ``position`` as one little-endian number."""
        return np.uint64(int.from_bytes(bytes(data[position : position + 8]), "little"))

    def trailing_zeros(value: Any) -> Any:
        """Return the number of zero bits below the lowest one bit; ``value`` is not zero."""
        number = int(value)
        return np.int64((number & -number).bit_length() - 1)

    def popcount(value: Any) -> Any:
        """Return the number of one bits."""
        return np.int64(bin(int(value)).count("1"))

    def prefetch(array: Any, position: Any) -> Any:
        """Ask for an element of an array that is read soon, by its place in memory."""
        _ = array.reshape(-1)[position]

    def word_bits(data: Any, position: Any) -> Any:
        """Return which of the 64 bytes at ``position`` are ASCII letters or digits, a bit each."""
        bits = [
            0x61 <= (each | 0x20) <= 0x7A or 0x30 <= each <= 0x39 for each in _64(data, position)
        ]
        return np.uint64(sum(bit << k for k, bit in enumerate(bits)))

    def odd_bits(data: Any, position: Any) -> Any:
        """Return which of 64 bytes from ``position`` are an apostrophe or not ASCII, a bit each."""
        bits = [each >= 0x80 or each in b"'`" for each in _64(data, position)]
        return np.uint64(sum(bit << k for k, bit in enumerate(bits)))

    def digit_bits(data: Any, position: Any) -> Any:
        """Return which of the 64 bytes at ``position`` are ASCII digits, a bit each."""
        bits = [0x30 <= each <= 0x39 for each in _64(data, position)]
        return np.uint64(sum(bit << k for k, bit in enumerate(bits)))

    def link_bits(data: Any, position: Any) -> Any:
        """Return which of 64 bytes begin ``:/`` or ``www``, or are ``@``; 66 bytes are read."""
        some = bytes(data[position : position + 66]).lower()
        bits = [
            some[k] == 0x40 or some[k : k + 2] == b":/" or some[k : k + 3] == b"www"
            for k in range(64)
        ]
        return np.uint64(sum(bit << k for k, bit in enumerate(bits)))

    def _64(data: Any, position: Any) -> bytes:
        return bytes(data[position : position + 64])

else:

    @intrinsic
    def load8(typing_context: Any, data: Any, position: Any) -> Any:
        """Return the eight bytes at ``position`` as one little-endian number."""
        from llvmlite import ir
        from numba.core import cgutils

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
            address = builder.gep(array.data, [arguments[1]])
            wide = builder.bitcast(address, ir.IntType(64).as_pointer())
            return builder.load(wide, align=1)

        return types.uint64(data, types.int64), build

    @intrinsic
    def trailing_zeros(typing_context: Any, value: Any) -> Any:
        """Return the number of zero bits below the lowest one bit; ``value`` is not zero."""
        from llvmlite import ir

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

        return types.int64(types.uint64), build

    @intrinsic
    def popcount(typing_context: Any, value: Any) -> Any:
        """Return the number of one bits."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.ctpop(arguments[0])

        return types.int64(types.uint64), build

    @intrinsic
    def prefetch(typing_context: Any, array: Any, position: Any) -> Any:
        """Ask for an element of an array that is read soon: it comes while other work goes on.

        ``position`` counts the elements as they lie in memory, in an array of rows as well.
        """
        from llvmlite import ir
        from numba.core import cgutils

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
            address = builder.bitcast(
                builder.gep(data.data, [arguments[1]]), ir.IntType(8).as_pointer()
            )
            number = ir.IntType(32)
            to_read, keep, of_data = (ir.Constant(number, each) for each in (0, 3, 1))
            kind = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
            ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
            builder.call(ask, [address, to_read, keep, of_data])
            return context.get_dummy_value()

        return types.void(array, types.int64), build

    @intrinsic
    def word_bits(typing_context: Any, data: Any, position: Any) -> Any:
        """Return which of the 64 bytes at ``position`` are ASCII letters or digits, a bit each."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            found, same = _vector(context, builder, signature, arguments)
            letters = builder.sub(builder.or_(found, same(0x20)), same(0x61))
            digits = builder.sub(found, same(0x30))
            return _bits(
                builder,
                builder.icmp_unsigned("<", letters, same(26)),
                builder.icmp_unsigned("<", digits, same(10)),
            )

        return types.uint64(data, types.int64), build

    @intrinsic
    def odd_bits(typing_context: Any, data: Any, position: Any) -> Any:
        """Return which of 64 bytes from ``position`` are an apostrophe or not ASCII, a bit each."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            found, same = _vector(context, builder, signature, arguments)
            return _bits(
                builder,
                builder.icmp_signed("<", found, same(0)),
                builder.icmp_unsigned("==", found, same(0x27)),
                builder.icmp_unsigned("==", found, same(0x60)),
            )

        return types.uint64(data, types.int64), build

    @intrinsic
    def digit_bits(typing_context: Any, data: Any, position: Any) -> Any:
        """Return which of the 64 bytes at ``position`` are ASCII digits, a bit each."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            found, same = _vector(context, builder, signature, arguments)
            digits = builder.sub(found, same(0x30))
            return _bits(builder, builder.icmp_unsigned("<", digits, same(10)))

        return types.uint64(data, types.int64), build

    @intrinsic
    def link_bits(typing_context: Any, data: Any, position: Any) -> Any:
        """Return which of 64 bytes begin ``:/`` or ``www``, or are ``@``; 66 bytes are read."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            one, same = _vector(context, builder, signature, arguments)
            two, _ = _vector(context, builder, signature, arguments, 1)
            three, _ = _vector(context, builder, signature, arguments, 2)

            def equal(vector: Any, value: int) -> Any:
                return builder.icmp_unsigned("==", vector, same(value))

            small = [builder.or_(vector, same(0x20)) for vector in (one, two, three)]
            www = functools.reduce(builder.and_, [equal(vector, 0x77) for vector in small])
            scheme = builder.and_(equal(one, 0x3A), equal(two, 0x2F))
            return _bits(builder, www, scheme, equal(one, 0x40))

        return types.uint64(data, types.int64), build

    def _vector(context: Any, builder: Any, signature: Any, arguments: Any, behind: int = 0) -> Any:
        """Load 64 bytes; return them, and what makes a vector of one value of the same kind."""
        from llvmlite import ir
        from numba.core import cgutils

        kind = ir.VectorType(ir.IntType(8), 64)
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        index = builder.add(arguments[1], ir.Constant(arguments[1].type, behind))
        address = builder.gep(array.data, [index])
        found = builder.load(builder.bitcast(address, kind.as_pointer()), align=1)
        return found, lambda value: ir.Constant(kind, [value] * 64)

    def _bits(builder: Any, *tests: Any) -> Any:
        """Return where one of the tests holds, as one number."""
        from llvmlite import ir

        return builder.bitcast(functools.reduce(builder.or_, tests), ir.IntType(64))
