using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Resources;

/// <summary>Entries.</summary>
internal sealed class EntryKind() : Kind<Entry>("entry", "entries", "e")
{
    /// <inheritdoc/>
    public override bool IsOfDevmap => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Entry>.Of("DEVMAP", e => e.Devmap, wide: true),
        Columns<Entry>.Of("KEY", e => e.Key),
        Columns<Entry>.Of("INTERFACE", e => e.Spec?.Interface),
        Columns<Entry>.Of("STATE", e => MessageJson.Word(e.Status.State)),
        Columns<Entry>.Of("PACKETS", e => e.Status.HasPackets ? Readable.Count(e.Status.Packets) : null),
        Columns<Entry>.Of("BYTES", e => e.Status.HasBytes ? Readable.Short(e.Status.Bytes) : null),
        Columns<Entry>.Of("DROPS", e => Readable.Count(Drops(e)), wide: true),
        Columns<Entry>.Of("PROGRAM", e => e.Spec?.EgressProgram, wide: true),
        Columns<Entry>.Of("ACTIONS", e => Readable.Actions(e.Spec?.Actions), wide: true),
        Columns<Entry>.Of("OWNER", e => e.Spec?.Owner, wide: true),
        Columns<Entry>.Of("LEASE", e => e.Spec?.Lease, wide: true),
        Columns<Entry>.Of("LABELS", e => e.Spec is null ? null : Readable.Labels(e.Spec.Labels), wide: true),
        Columns<Entry>.Of("REVISION", e => e.HasRevision ? $"{e.Revision}" : null, wide: true),
        Columns<Entry>.Of("REASON", e => Readable.Reason(e.Status.Conditions)),
    ];

    /// <inheritdoc/>
    public override IMessage NewSpec() => new EntrySpec();

    /// <inheritdoc/>
    public override IAsyncEnumerable<IMessage> ListAsync(Call call, Query query)
    {
        var request = new StreamEntriesRequest { Devmap = query.Devmap, Label = { query.Labels } };
        if (query.Owner is { } owner)
            request.Owner = owner;
        if (query.Interface is { } name)
            request.Interface = name;
        if (query.State is { } state)
        {
            request.State = Enum.TryParse<EntryState>(state, ignoreCase: true, out var known) && known != EntryState.Unspecified
                ? known
                : throw CommandFailedException.Usage($"'{state}' is no state: {string.Join(", ", Enum.GetValues<EntryState>().Skip(1))} are.");
        }

        return call.Client.StreamEntriesAsync(request, call.Cancellation);
    }

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetEntryAsync(devmap, name, call.Cancellation);

    /// <inheritdoc/>
    public override async Task<IMessage> PutAsync(Call call, string devmap, string name, IMessage spec, WriteOptions options) =>
        await call.Client.PutEntryAsync(devmap, name, (EntrySpec)spec, allowPending: true, options.ExpectedRevision, options.Force, call.Cancellation);

    /// <inheritdoc/>
    public override Task DeleteAsync(Call call, string devmap, string name, WriteOptions options) =>
        call.Client.DeleteEntryAsync(devmap, name, options.ExpectedRevision, options.Owner, options.Force, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Entry item) => item.Key;

    /// <inheritdoc/>
    protected override string ResourceOf(Entry item) => $"devmaps/{item.Devmap}/entries/{item.Key}";

    private static ulong Drops(Entry entry) => entry.Status.Drops.Aggregate(0UL, (sum, drop) => sum + drop.Packets);
}
