using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// One <c>BPF_MAP_TYPE_DEVMAP_HASH</c>: the elements of a table. The writer's descriptor is <c>BPF_F_WRONLY</c> and the readers' is <c>BPF_F_RDONLY</c>, so
/// the kernel itself refuses a write on a reader's path.
/// </summary>
internal sealed class ElementMap : IDisposable
{
    /// <summary>The map allocates without waiting, so ENOMEM can be temporary.</summary>
    private const int UpdateAttempts = 5;

    /// <summary>Opens a pinned map.</summary>
    /// <exception cref="ControlPlaneException">The pin is another kind of object.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public ElementMap(DevmapRecord definition, uint place, string pin)
    {
        (Definition, Place, PinPath) = (definition, place, pin);
        Write = Objects.Pin.OpenMap(pin, BpfConstants.BPF_F_WRONLY);
        Read = Objects.Pin.OpenMap(pin, BpfConstants.BPF_F_RDONLY);
        MapId = BpfInfo.OfMap(Read).id;
    }

    private ElementMap(DevmapRecord definition, FileDescriptor map)
    {
        (Definition, PinPath, Write) = (definition, "", map);
        Read = FileDescriptor.Duplicate(map.Number);
        MapId = BpfInfo.OfMap(map).id;
    }

    /// <summary>The devmap with the capacity of this map.</summary>
    public DevmapRecord Definition { get; }

    /// <summary>The place of the slots that the map is in.</summary>
    public uint Place { get; }

    /// <summary>The id of the map.</summary>
    public uint MapId { get; }

    /// <summary>The path of its pin.</summary>
    public string PinPath { get; set; }

    /// <summary>The map, to read.</summary>
    public FileDescriptor Read { get; }

    /// <summary>The map, to write.</summary>
    public FileDescriptor Write { get; }

    /// <summary>Creates a map that is in no place and has no pin: it ends with its descriptors and the programs that use it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static ElementMap Unpinned(DevmapRecord definition) => new(definition, Create(definition));

    /// <summary>Creates a map and pins it. The pin is its only owner.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Create(DevmapRecord definition, string pin)
    {
        using var map = Create(definition);
        Objects.Pin.Make(map, pin);
    }

    /// <summary>Creates a map.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Create(DevmapRecord definition) => BpfMap.Create(
        BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH,
        definition.Name,
        definition.Spec.ValueSize,
        definition.Spec.MaxEntries,
        new bpf_map_create_opts { map_flags = DevmapCreation.FlagsOf(definition), numa_node = definition.Spec.NumaNode ?? 0 });

    /// <summary>Reads an element. False when the map has none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool TryLookup(uint key, out KernelEntry entry)
    {
        // A 4-byte value fills the ifindex only and leaves the program 0.
        var result = BpfMap.Lookup<bpf_devmap_val_read>(Read, key, out var value);
        entry = new KernelEntry(value.ifindex, value.bpf_prog_id);
        return Found(result, "bpf_map_lookup_elem");
    }

    /// <summary>Returns the key after another one, in the kernel's order.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool TryGetNextKey(uint? after, out uint next) => Found(BpfMap.NextKey(Read, after, out next), "bpf_map_get_next_key");

    /// <summary>Writes an element.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Set(uint key, uint ifindex, FileDescriptor? program)
    {
        // The struct carries the descriptor by number, so it must stay open during the call.
        var value = new bpf_devmap_val_write { ifindex = ifindex, bpf_prog_fd = program?.Number ?? 0 };
        var result = 0;
        for (var attempt = 1; attempt <= UpdateAttempts; attempt++)
        {
            result = Definition.Spec.ValueSize == sizeof(uint) ? BpfMap.Update(Write, key, ifindex) : BpfMap.Update(Write, key, value);
            if (result != -Errno.ENOMEM)
                break;
            Thread.Sleep(TimeSpan.FromMilliseconds(attempt - 1));
        }

        GC.KeepAlive(program);
        if (result != 0)
            throw KernelCall.Failure($"bpf_map_update_elem(devmap {Definition.Name}, key {key}, ifindex {ifindex})", -result);
    }

    /// <summary>Removes an element. False when the map has none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool Remove(uint key)
    {
        var result = BpfMap.Delete(Write, key);
        if (result < 0 && result != -Errno.ENOENT)
            throw KernelCall.Failure($"bpf_map_delete_elem(devmap {Definition.Name}, key {key})", -result);
        return result == 0;
    }

    /// <summary>Closes the descriptors. The map stays while it is pinned or in a slot.</summary>
    public void Dispose()
    {
        Read.Dispose();
        Write.Dispose();
    }

    // Builds the text of the failure only if there is one: this runs for each element of each walk.
    private bool Found(int result, string call) => result switch
    {
        0 => true,
        -Errno.ENOENT => false,
        _ => throw KernelCall.Failure($"{call}(devmap {Definition.Name})", -result),
    };
}
