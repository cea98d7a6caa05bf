using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// All that the daemon knows. The writer changes it; everybody reads it without waiting: what is shared is either
/// immutable and replaced whole, or an <see cref="EntryTable"/>.
/// </summary>
internal sealed class ControlPlaneState
{
    private ImmutableSortedDictionary<string, DevmapState> _devmaps =
        ImmutableSortedDictionary.Create<string, DevmapState>(StringComparer.Ordinal);

    private ImmutableSortedDictionary<string, PlacedProgram> _programs =
        ImmutableSortedDictionary.Create<string, PlacedProgram>(StringComparer.Ordinal);

    private ImmutableDictionary<string, string> _conflicts = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    private ImmutableDictionary<string, PlacedPassProgram> _ensured = ImmutableDictionary.Create<string, PlacedPassProgram>(StringComparer.Ordinal);

    private long _revision;

    /// <summary>The devmaps by name.</summary>
    public ImmutableSortedDictionary<string, DevmapState> Devmaps
    {
        get => Volatile.Read(ref _devmaps);
        set => Volatile.Write(ref _devmaps, value);
    }

    /// <summary>The egress programs by name.</summary>
    public ImmutableSortedDictionary<string, PlacedProgram> Programs
    {
        get => Volatile.Read(ref _programs);
        set => Volatile.Write(ref _programs, value);
    }

    /// <summary>
    /// The interfaces whose entries carry different egress programs, and which, in words. No request brings that about; entries that
    /// were adopted can.
    /// </summary>
    public ImmutableDictionary<string, string> Conflicts
    {
        get => Volatile.Read(ref _conflicts);
        set => Volatile.Write(ref _conflicts, value);
    }

    /// <summary>The interfaces that carry a pass program, or are to carry one, by the name it was attached under.</summary>
    public ImmutableDictionary<string, PlacedPassProgram> Ensured
    {
        get => Volatile.Read(ref _ensured);
        set => Volatile.Write(ref _ensured, value);
    }

    /// <summary>Who sends where. For the writer only.</summary>
    public TargetIndex Targets { get; } = new();

    /// <summary>The revision of the last change that is durable, in the kernel and visible.</summary>
    public long Revision
    {
        get => Volatile.Read(ref _revision);
        set => Volatile.Write(ref _revision, value);
    }

    /// <summary>What became of a pass program for a target; null where none is needed or wanted.</summary>
    public PlacedPassProgram? EnsuredFor(InterfaceInfo target, InterfaceTable interfaces) =>
        interfaces.FindEnabler(target) is { } enabler ? Ensured.GetValueOrDefault(enabler.Name) : null;

    /// <summary>The kernel's id of an egress program; 0 for none, and for one that does not exist.</summary>
    public uint ProgramId(string? program) =>
        program is null ? 0 : Programs.GetValueOrDefault(program)?.Loaded.ProgramId ?? 0;

    /// <summary>The template of an egress program; null for none, and for one that does not exist.</summary>
    public EgressTemplate? TemplateOf(string? program) =>
        program is null ? null : Programs.GetValueOrDefault(program)?.Loaded.Config.Template;

    /// <summary>Returns the highest revision among these entries; 0 for none. For the writer only.</summary>
    public static long RevisionOf(IReadOnlyList<EntryId> entries) =>
        entries.Max(id => id.Devmap.Entries.Find(id.Key)?.Record.Revision) ?? 0;

    /// <summary>Returns the highest revision among the entries that send to each interface.</summary>
    public Dictionary<string, long> InterfaceRevisions()
    {
        var revisions = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entry in Devmaps.Values.SelectMany(d => d.Entries.All()))
        {
            ref var revision = ref CollectionsMarshal.GetValueRefOrAddDefault(revisions, entry.Record.Spec.Interface, out _);
            revision = Math.Max(revision, entry.Record.Revision);
        }

        return revisions;
    }

    /// <summary>The devmap of this name.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public DevmapState Devmap(string name) =>
        Devmaps.GetValueOrDefault(name) ?? throw new ControlPlaneException(DevmapErrors.NotFound(name));
}
