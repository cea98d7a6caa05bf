using System.Collections.Immutable;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>One devmap: its desired state and its kernel side. Changed by the writer, read by anyone.</summary>
internal sealed class DevmapState(IDevmap kernel, long revision)
{
    private long _revision = revision;
    private Tuple<long, DevmapShape>? _shape;
    private AuditTally _audits = AuditTally.None;
    private ImmutableSortedDictionary<string, PlacedAttachment> _attachments =
        ImmutableSortedDictionary.Create<string, PlacedAttachment>(StringComparer.Ordinal);

    public DevmapRecord Definition { get; } = kernel.Definition;

    public IDevmap Kernel { get; } = kernel;

    public EntryTable Entries { get; } = new(kernel.Definition.Spec.MaxEntries);

    /// <summary>The attachments, by the interface's name; replaced whole.</summary>
    public ImmutableSortedDictionary<string, PlacedAttachment> Attachments
    {
        get => Volatile.Read(ref _attachments);
        set => Volatile.Write(ref _attachments, value);
    }

    /// <summary>How the entries lie in the kernel's hash now.</summary>
    public DevmapShape Shape
    {
        get
        {
            var version = Entries.Version;
            if (Volatile.Read(ref _shape) is { } known && known.Item1 == version)
                return known.Item2;
            var shape = ShapeReader.Read(Entries);
            Volatile.Write(ref _shape, Tuple.Create(version, shape));
            return shape;
        }
    }

    /// <summary>What audits have found so far.</summary>
    public AuditTally Audits => Volatile.Read(ref _audits);

    /// <summary>Adds an audit that has ended. From any thread.</summary>
    public void AddAudit(AuditReport report) =>
        ImmutableInterlocked.Update(ref _audits, static (tally, ended) => tally.With(ended), report);

    /// <summary>The revision of the last change of anything in the devmap.</summary>
    public long Revision
    {
        get => Volatile.Read(ref _revision);
        set => Volatile.Write(ref _revision, value);
    }
}
