using Devmapd.V1;

namespace ControlPlane.Client;

/// <summary>Calls whose request has optional parts.</summary>
public sealed partial class DevmapdClient
{
    /// <inheritdoc/>
    public async Task<Probe> ProbeEntryAsync(string devmap, string key, uint? frames = null, CancellationToken cancellationToken = default)
    {
        var request = new ProbeEntryRequest { Devmap = devmap, Key = key };
        if (frames is { } count)
            request.Frames = count;
        return (await Devmaps.ProbeEntryAsync(request, cancellationToken: cancellationToken)).Probe;
    }

    /// <inheritdoc/>
    public async Task<Entry> PutEntryAsync(
        string devmap,
        string key,
        EntrySpec spec,
        bool allowPending = false,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default)
    {
        var request = new PutEntryRequest { Devmap = devmap, Key = key, Spec = spec, AllowPending = allowPending, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Devmaps.PutEntryAsync(request, cancellationToken: cancellationToken)).Entry;
    }

    /// <inheritdoc/>
    public async Task DeleteEntryAsync(
        string devmap, string key, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteEntryRequest { Devmap = devmap, Key = key, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Devmaps.DeleteEntryAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BatchResult>> ApplyEntriesAsync(
        BatchMode mode,
        IEnumerable<BatchItem> items,
        bool allowPending = false,
        string? idempotencyKey = null,
        bool force = false,
        CancellationToken cancellationToken = default)
    {
        var request = new ApplyEntriesRequest { Mode = mode, Items = { items }, AllowPending = allowPending, IdempotencyKey = idempotencyKey ?? "", Force = force };
        return (await ApplyEntriesAsync(request, cancellationToken)).Results;
    }

    /// <inheritdoc/>
    public async Task<Attachment> PutAttachmentAsync(
        string devmap,
        string interfaceName,
        AttachmentSpec spec,
        bool allowPending = false,
        long? expectedRevision = null,
        bool force = false,
        CancellationToken cancellationToken = default)
    {
        var request = new PutAttachmentRequest { Devmap = devmap, Interface = interfaceName, Spec = spec, AllowPending = allowPending, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Devmaps.PutAttachmentAsync(request, cancellationToken: cancellationToken)).Attachment;
    }

    /// <inheritdoc/>
    public async Task DeleteAttachmentAsync(
        string devmap, string interfaceName, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteAttachmentRequest { Devmap = devmap, Interface = interfaceName, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Devmaps.DeleteAttachmentAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<EgressProgram> PutProgramAsync(
        string program, EgressProgramSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new PutProgramRequest { Program = program, Spec = spec, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Programs.PutProgramAsync(request, cancellationToken: cancellationToken)).Program;
    }

    /// <inheritdoc/>
    public async Task DeleteProgramAsync(
        string program, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteProgramRequest { Program = program, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Programs.DeleteProgramAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Devmap> PutDevmapAsync(
        string devmap, DevmapSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new PutDevmapRequest { Devmap = devmap, Spec = spec, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Devmaps.PutDevmapAsync(request, cancellationToken: cancellationToken)).Devmap;
    }

    /// <inheritdoc/>
    public async Task DeleteDevmapAsync(
        string devmap, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteDevmapRequest { Devmap = devmap, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Devmaps.DeleteDevmapAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Lease> PutLeaseAsync(
        string lease, LeaseSpec spec, long? expectedRevision = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new PutLeaseRequest { Lease = lease, Spec = spec, Force = force };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return (await Leases.PutLeaseAsync(request, cancellationToken: cancellationToken)).Lease;
    }

    /// <inheritdoc/>
    public async Task<DateTimeOffset> KeepAliveAsync(string lease, CancellationToken cancellationToken = default) =>
        (await Leases.KeepAliveAsync(new KeepAliveRequest { Lease = lease }, cancellationToken: cancellationToken)).ExpireTime.ToDateTimeOffset();

    /// <inheritdoc/>
    public async Task DeleteLeaseAsync(
        string lease, long? expectedRevision = null, string? owner = null, bool force = false, CancellationToken cancellationToken = default)
    {
        var request = new DeleteLeaseRequest { Lease = lease, Force = force };
        if (owner is not null)
            request.Owner = owner;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Leases.DeleteLeaseAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ApplyEntriesResponse> ApplyEntriesAsync(ApplyEntriesRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.IdempotencyKey.Length == 0)
        {
            request = request.Clone();
            request.IdempotencyKey = Guid.NewGuid().ToString("N");
        }

        return await Devmaps.ApplyEntriesAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<AuditDevmapResponse> AuditDevmapAsync(string devmap, bool? repair = null, CancellationToken cancellationToken = default)
    {
        var request = new AuditDevmapRequest { Devmap = devmap };
        if (repair is { } does)
            request.Repair = does;
        return await Devmaps.AuditDevmapAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SetEgressProgramResponse> SetEgressProgramAsync(
        string interfaceName, string? program, long? expectedRevision = null, CancellationToken cancellationToken = default)
    {
        var request = new SetEgressProgramRequest { Interface = interfaceName };
        if (program is not null)
            request.EgressProgram = program;
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        return await Programs.SetEgressProgramAsync(request, cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteTokenAsync(string token, long? expectedRevision = null, CancellationToken cancellationToken = default)
    {
        var request = new DeleteTokenRequest { Token = token };
        if (expectedRevision is { } revision)
            request.ExpectedRevision = revision;
        await Tokens.DeleteTokenAsync(request, cancellationToken: cancellationToken);
    }
}
