using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>
/// The elements of an array map (<c>BPF_F_MMAPABLE</c>) in the memory of this process, as 64-bit words. Programs and this process see
/// each other's stores at once, and no word is ever torn. Reads are safe on any thread: the memory stays until no object refers to it.
/// </summary>
internal sealed unsafe class MapMemory
{
    private readonly nint _start;
    private readonly nuint _bytes;

    private MapMemory(nint start, nuint bytes) => (_start, _bytes) = (start, bytes);

    // Nothing disposes of the memory: a reader on another thread would fail on an address that is no more.
    ~MapMemory() => _ = Libc.munmap(_start, _bytes);

    /// <summary>The number of words.</summary>
    public int Words => (int)(_bytes / sizeof(ulong));

    /// <summary>Maps all elements of a map. A mapping to write to needs a descriptor that can read and write.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static MapMemory Of(FileDescriptor map, bool writable)
    {
        var info = BpfInfo.OfMap(map);
        var bytes = (nuint)info.max_entries * ((info.value_size + 7) & ~7u);
        var start = Libc.mmap(null, bytes, Libc.PROT_READ | (writable ? Libc.PROT_WRITE : 0), Libc.MAP_SHARED, map, 0);
        return start != -1
            ? new MapMemory(start, bytes)
            : throw KernelCall.Failure($"mmap(map {info.id})", Marshal.GetLastPInvokeError());
    }

    /// <summary>Reads a word.</summary>
    public ulong Read(int word)
    {
        var value = Volatile.Read(ref At(word));
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>Writes a word. All words written before it are visible to whoever sees this one.</summary>
    public void Write(int word, ulong value)
    {
        Volatile.Write(ref At(word), value);
        GC.KeepAlive(this);
    }

    /// <summary>Sets bits of a word in one step, beside programs and others that change it.</summary>
    public void Or(int word, ulong bits)
    {
        Interlocked.Or(ref At(word), bits);
        GC.KeepAlive(this);
    }

    /// <summary>Clears all bits of a word but these, in one step.</summary>
    public void And(int word, ulong bits)
    {
        Interlocked.And(ref At(word), bits);
        GC.KeepAlive(this);
    }

    /// <summary>Adds to a word in one step.</summary>
    public void Add(int word, ulong value)
    {
        Interlocked.Add(ref At(word), value);
        GC.KeepAlive(this);
    }

    /// <summary>Replaces a value of a word by another one, in one step. False if the word has another value.</summary>
    public bool TryReplace(int word, ulong value, ulong by)
    {
        var found = Interlocked.CompareExchange(ref At(word), by, value);
        GC.KeepAlive(this);
        return found == value;
    }

    private ref ulong At(int word)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)word, (uint)Words, nameof(word));
        return ref ((ulong*)_start)[word];
    }
}
