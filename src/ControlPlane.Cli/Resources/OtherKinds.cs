using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Resources;

/// <summary>Devmaps.</summary>
internal sealed class DevmapKind() : Kind<Devmap>("devmap", "devmaps", "dm")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Devmap>.Of("NAME", d => d.Name),
        Columns<Devmap>.Of("KEY", d => MessageJson.Word(d.Spec.KeySelector)),
        Columns<Devmap>.Of("MISS", d => MessageJson.Word(d.Spec.MissAction)),
        Columns<Devmap>.Of("ENTRIES", d => $"{Readable.Count(d.Status.Entries)}/{Readable.Count(d.Spec.MaxEntries)}"),
        Columns<Devmap>.Of("PACKETS", d => Readable.Count(d.Status.Traffic?.RedirectedPackets ?? 0)),
        Columns<Devmap>.Of("MISSED", d => Readable.Count(d.Status.Traffic?.MissedPackets ?? 0)),
        Columns<Devmap>.Of("DROPS", d => Readable.Count(d.Status.Drops?.Causes.Aggregate(0UL, (sum, c) => sum + c.Packets) ?? 0), wide: true),
        Columns<Devmap>.Of("MAP", d => $"{d.Status.KernelMapId}", wide: true),
        Columns<Devmap>.Of("PROGRAM", d => $"{d.Status.RedirectProgramId}", wide: true),
        Columns<Devmap>.Of("REVISION", d => $"{d.Revision}", wide: true),
        Columns<Devmap>.Of("REASON", d => Readable.Reason(d.Status.Conditions)),
    ];

    /// <inheritdoc/>
    public override IAsyncEnumerable<IMessage> ListAsync(Call call, Query query) => Stream(call.Client.ListDevmapsAsync(call.Cancellation));

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetDevmapAsync(name, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Devmap item) => item.Name;
}

/// <summary>Egress programs.</summary>
internal sealed class ProgramKind() : Kind<EgressProgram>("program", "programs", "prog", "p")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<EgressProgram>.Of("NAME", p => p.Name),
        Columns<EgressProgram>.Of("TEMPLATE", p => MessageJson.Word(p.Spec.Template)),
        Columns<EgressProgram>.Of("PARAMETERS", p => p.Spec.Parameters is { } values
            ? string.Join(',', MessageJson.Of(values).AsObject().Select(v => $"{v.Key}={v.Value}")) : null),
        Columns<EgressProgram>.Of("ENTRIES", p => Readable.Count(p.Status.Entries)),
        Columns<EgressProgram>.Of("PACKETS", p => Readable.Count(p.Status.Packets)),
        Columns<EgressProgram>.Of("BYTES", p => Readable.Short(p.Status.Bytes), wide: true),
        Columns<EgressProgram>.Of("OWNER", p => p.Spec.Owner, wide: true),
        Columns<EgressProgram>.Of("LABELS", p => Readable.Labels(p.Spec.Labels), wide: true),
        Columns<EgressProgram>.Of("REVISION", p => $"{p.Revision}", wide: true),
    ];

    /// <inheritdoc/>
    public override IMessage NewSpec() => new EgressProgramSpec();

    /// <inheritdoc/>
    public override async IAsyncEnumerable<IMessage> ListAsync(Call call, Query query)
    {
        foreach (var program in await call.Client.ListProgramsAsync(call.Cancellation))
        {
            if (program.Spec.Labels.Has(query.Labels) && (query.Owner is null || query.Owner == program.Spec.Owner))
                yield return program;
        }
    }

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetProgramAsync(name, call.Cancellation);

    /// <inheritdoc/>
    public override async Task<IMessage> PutAsync(Call call, string devmap, string name, IMessage spec, WriteOptions options) =>
        await call.Client.PutProgramAsync(name, (EgressProgramSpec)spec, options.ExpectedRevision, options.Force, call.Cancellation);

    /// <inheritdoc/>
    public override Task DeleteAsync(Call call, string devmap, string name, WriteOptions options) =>
        call.Client.DeleteProgramAsync(name, options.ExpectedRevision, options.Owner, options.Force, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(EgressProgram item) => item.Name;
}

/// <summary>Interfaces of the host.</summary>
internal sealed class InterfaceKind() : Kind<Interface>("interface", "interfaces", "if", "link")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Interface>.Of("NAME", i => i.Name),
        Columns<Interface>.Of("INDEX", i => $"{i.Ifindex}"),
        Columns<Interface>.Of("KIND", i => i.HasKind ? i.Kind : null),
        Columns<Interface>.Of("LINK", i => i.Up ? i.Carrier ? "up" : "no carrier" : "down"),
        Columns<Interface>.Of("MTU", i => $"{i.Mtu}"),
        Columns<Interface>.Of("XDP", i => i.HasXdpMode ? MessageJson.Word(i.XdpMode) : null),
        Columns<Interface>.Of("TARGET", i => i.CanBeTarget ? "yes" : "no"),
        Columns<Interface>.Of("MAC", i => i.HasMac ? i.Mac : null, wide: true),
        Columns<Interface>.Of("PROMISCUOUS", i => i.Promiscuous ? "yes" : "no", wide: true),
        Columns<Interface>.Of("OTHER NAMES", i => string.Join(',', i.AltNames), wide: true),
        Columns<Interface>.Of("REASON", i => Readable.Reason(i.Conditions)),
    ];

    /// <inheritdoc/>
    public override IAsyncEnumerable<IMessage> ListAsync(Call call, Query query) => Stream(call.Client.ListInterfacesAsync(call.Cancellation));

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetInterfaceAsync(name, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Interface item) => item.Name;
}

/// <summary>Leases.</summary>
internal sealed class LeaseKind() : Kind<Lease>("lease", "leases")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Lease>.Of("NAME", l => l.Name),
        Columns<Lease>.Of("TTL", l => MessageJson.TextOf(l.Spec.Ttl)),
        Columns<Lease>.Of("EXPIRES", l => Readable.Time(l.Status.ExpireTime)),
        Columns<Lease>.Of("ENTRIES", l => $"{l.Status.Entries}"),
        Columns<Lease>.Of("ATTACHMENTS", l => $"{l.Status.Attachments}"),
        Columns<Lease>.Of("OWNER", l => l.Spec.Owner, wide: true),
        Columns<Lease>.Of("LABELS", l => Readable.Labels(l.Spec.Labels), wide: true),
        Columns<Lease>.Of("REVISION", l => $"{l.Revision}", wide: true),
    ];

    /// <inheritdoc/>
    public override IMessage NewSpec() => new LeaseSpec();

    /// <inheritdoc/>
    public override IAsyncEnumerable<IMessage> ListAsync(Call call, Query query) => Stream(call.Client.ListLeasesAsync(call.Cancellation));

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetLeaseAsync(name, call.Cancellation);

    /// <inheritdoc/>
    public override async Task<IMessage> PutAsync(Call call, string devmap, string name, IMessage spec, WriteOptions options) =>
        await call.Client.PutLeaseAsync(name, (LeaseSpec)spec, options.ExpectedRevision, options.Force, call.Cancellation);

    /// <inheritdoc/>
    public override Task DeleteAsync(Call call, string devmap, string name, WriteOptions options) =>
        call.Client.DeleteLeaseAsync(name, options.ExpectedRevision, options.Owner, options.Force, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Lease item) => item.Name;
}

/// <summary>Tokens.</summary>
internal sealed class TokenKind() : Kind<Token>("token", "tokens")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Token>.Of("NAME", t => t.Name),
        Columns<Token>.Of("ROLE", t => MessageJson.Word(t.Spec.Role)),
        Columns<Token>.Of("STATE", t => MessageJson.Word(t.Status.State)),
        Columns<Token>.Of("EXPIRES", t => t.Spec.ExpireTime is null ? "never" : Readable.Time(t.Spec.ExpireTime)),
        Columns<Token>.Of("LIMITS", t => t.Spec.Limits is null ? null : MessageJson.Of(t.Spec.Limits).ToJsonString()),
    ];

    /// <inheritdoc/>
    public override IAsyncEnumerable<IMessage> ListAsync(Call call, Query query) => Stream(call.Client.ListTokensAsync(call.Cancellation));

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetTokenAsync(name, call.Cancellation);

    /// <inheritdoc/>
    public override Task DeleteAsync(Call call, string devmap, string name, WriteOptions options) =>
        call.Client.DeleteTokenAsync(name, options.ExpectedRevision, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Token item) => item.Name;
}

/// <summary>Changes of the desired state.</summary>
internal sealed class ChangeKind() : Kind<Change>("change", "changes")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Change>.Of("REVISION", c => $"{c.Revision}"),
        Columns<Change>.Of("TIME", c => Readable.Time(c.Time)),
        Columns<Change>.Of("BY", c => c.Account),
        Columns<Change>.Of("CHANGE", c => c.Before is null ? "put" : c.After is null ? "delete" : "change"),
        Columns<Change>.Of("RESOURCE", c => c.Count > 1 ? $"{c.Resource} ({c.Count} entries)" : c.Resource),
        Columns<Change>.Of("NOTE", c => c.HasRefusal ? $"refused: {c.Refusal}" : c.HasTakesBack ? $"takes back: {c.TakesBack}" : null),
        Columns<Change>.Of("ACTOR", c => c.Actor, wide: true),
        Columns<Change>.Of("REQUEST", c => c.RequestId, wide: true),
    ];

    /// <inheritdoc/>
    public override IAsyncEnumerable<IMessage> ListAsync(Call call, Query query)
    {
        var request = new ListChangesRequest();
        if (query.Owner is { } owner)
            request.Owner = owner;
        return call.Client.ListChangesAsync(request, call.Cancellation);
    }

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name)
    {
        if (!long.TryParse(name, out var revision))
            throw CommandFailedException.Usage($"'{name}' is no revision.");
        await foreach (var change in call.Client.ListChangesAsync(new ListChangesRequest { SinceRevision = revision, UntilRevision = revision }, call.Cancellation))
            return change;
        throw new CommandFailedException(ExitCodes.Failed, $"There is no change with the revision {revision}, or it is no longer kept.");
    }

    /// <inheritdoc/>
    protected override string NameOf(Change item) => $"{item.Revision}";
}

/// <summary>The host.</summary>
internal sealed class HostKind() : Kind<Host>("host", "host")
{
    /// <inheritdoc/>
    public override bool IsSingle => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Host>.Of("KERNEL", h => h.KernelRelease),
        Columns<Host>.Of("MACHINE", h => h.Machine),
        Columns<Host>.Of("DAEMON", h => h.DaemonVersion.Split('+')[0]),
        Columns<Host>.Of("SIMULATED", h => h.Simulated ? "yes" : "no"),
        Columns<Host>.Of("STARTED", h => Readable.Time(h.StartTime)),
        Columns<Host>.Of("REVISION", h => $"{h.Revision}"),
        Columns<Host>.Of("MISSING", h => string.Join(',', h.Features.Where(f => !f.Available).Select(f => f.Name)), wide: true),
        Columns<Host>.Of("REASON", h => Readable.Reason(h.Conditions)),
    ];

    /// <inheritdoc/>
    public override async IAsyncEnumerable<IMessage> ListAsync(Call call, Query query)
    {
        yield return await call.Client.GetHostAsync(call.Cancellation);
    }

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetHostAsync(call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Host item) => item.KernelRelease;
}
