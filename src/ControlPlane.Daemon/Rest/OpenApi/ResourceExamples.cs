using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>
/// Examples of whole bodies, made of the very types the API reads and writes. Those of requests work as they stand with the
/// default configuration on any host.
/// </summary>
internal static class ResourceExamples
{
    private const string NotAttached = "The redirect program of 'default' does not run on 'lo', so no frame finds an entry.";

    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    private static readonly Dictionary<string, string> Labels = new() { ["owner"] = "walk-through" };

    private static readonly DropCount Unaccepted = new(DropCause.NotAccepted, 95, 12, Noon);

    private static readonly EntryResource Entry = new()
    {
        Devmap = "default",
        Key = "lo",
        KernelKey = 1,
        Interface = "lo",
        EgressProgram = null,
        Labels = Labels,
        Revision = 42,
        CreatedAt = Noon,
        UpdatedAt = Noon,
        Status = new EntryStatusResource
        {
            State = EntryState.Undeliverable,
            Ifindex = 1,
            EgressProgramId = null,
            Conditions = [Loopback],
            Packets = 12,
            Bytes = 720,
            Drops = [DropCountResource.From(Unaccepted)],
        },
    };

    private static readonly AuditReport Audit = new(
        "default", 42, Noon, TimeSpan.FromMilliseconds(1.25), Checked: 1, Found: 1, Repaired: 1, Repair: true,
        [new Drift(DriftKind.Missing, "lo", 1, null, Found: null, Wanted: new DriftElement(1, "lo", null, null), Repaired: true, Failure: null)]);

    private static readonly Explanation Explained = new(
        "default", "lo", 1, new ExplainedFrame("lo", 0, null, null, 60),
        [
            new(ConditionTypes.IngressReceives.True("Receives", "'lo' is up, and such a frame can arrive on it."), [("interface", "lo"), ("ifindex", "1"), ("mtu", "65536"), ("bytes", "60")]),
            new(ConditionTypes.IngressAttached.False("NotAttached", NotAttached, CommonRemedies.OtherIngress()), [("redirectProgramId", "34")]),
        ],
        new(ExplainOutcome.Passed, "NotAttached", "The frame goes to the host's network stack. " + NotAttached, CommonRemedies.OtherIngress()));

    private static readonly DevmapResource Devmap = new()
    {
        Name = "default",
        MaxEntries = 65536,
        ValueSize = 8,
        NumaNode = null,
        KeySelector = KeySelector.IngressInterface,
        MissAction = MissAction.Pass,
        Counters = true,
        EnsureTargets = EnsureTargets.Auto,
        Revision = 1,
        Status = new DevmapStatusResource
        {
            Entries = 1,
            KernelMapId = 12,
            RedirectProgramId = 34,
            Adopted = false,
            Traffic = DevmapTrafficResource.From(new DevmapCounters(1200, 98_400, 7, 574, 0, 0)),
            Drops = DevmapDropsResource.From(new DevmapDrops([(DropCause.NotAccepted, 12)], [new TargetDrops(2, "eth0", new DropCount(DropCause.NotSent, 0, 3, Noon))])),
            MissedKeys = [MissedKeyResource.From(("eth0", new MissedKey(2, 7, Noon)))],
            Audit = AuditSummaryResource.From(AuditTally.None.With(Audit)),
            Conditions = [ConditionResource.From(ConditionTypes.KeysSpread.True("ChainsShort", "No bucket of the kernel's hash has more than 8 entries."))],
        },
    };

    private static readonly AttachmentResource Attachment = new()
    {
        Devmap = "default",
        Interface = "eth0",
        Mode = AttachMode.Generic,
        Revision = 43,
        CreatedAt = Noon,
        UpdatedAt = Noon,
        Status = new AttachmentStatusResource { State = AttachmentState.Attached, Ifindex = 2, LinkId = 7, Message = null },
    };

    private static readonly ProgramParametersResource Macs = new() { SourceMac = "02:00:00:00:00:01", DestinationMac = "02:00:00:00:00:02" };

    private static readonly ProgramResource Program = new()
    {
        Name = "to-router-1",
        Template = EgressTemplate.RewriteMac,
        Parameters = Macs,
        Revision = 44,
        CreatedAt = Noon,
        UpdatedAt = Noon,
        Status = new ProgramStatusResource { KernelProgramId = 101, Entries = 0, Packets = 0, Bytes = 0 },
    };

    private static readonly InterfaceResource Interface = new()
    {
        Name = "lo",
        Ifindex = 1,
        Kind = null,
        Mac = "00:00:00:00:00:00",
        Mtu = 65536,
        Up = true,
        Carrier = true,
        LinkIfindex = null,
        TxQueues = 1,
        RxQueues = 1,
        XdpMode = null,
        XdpProgramId = null,
        PassProgram = false,
        XdpFeatures = [],
        CanBeTarget = false,
        Conditions = [Loopback],
    };

    private static readonly HostResource Host = new()
    {
        KernelRelease = "6.18.0",
        Machine = "x86_64",
        LibbpfVersion = "1.1.2",
        DaemonVersion = "0.1.0",
        Simulated = false,
        StartedAt = Noon,
        Revision = 44,
        Features = [new KernelFeatureResource { Name = "devmap_hash", Available = true, Since = "5.4", Detail = null }],
    };

    private static readonly Dictionary<Type, object> All = new()
    {
        [typeof(EntryResource)] = Entry,
        [typeof(EntryListResource)] = new EntryListResource { Entries = [Entry], NextPageToken = null, Revision = 42 },
        [typeof(EntryBody)] = new EntryBody { Interface = "lo", EgressProgram = null, Labels = Labels, AllowPending = false },
        [typeof(DevmapResource)] = Devmap,
        [typeof(DevmapListResource)] = new DevmapListResource { Devmaps = [Devmap] },
        [typeof(AttachmentResource)] = Attachment,
        [typeof(AttachmentListResource)] = new AttachmentListResource { Attachments = [Attachment] },
        [typeof(AttachmentBody)] = new AttachmentBody { Mode = AttachMode.Generic },
        [typeof(ProgramResource)] = Program,
        [typeof(ProgramListResource)] = new ProgramListResource { Programs = [Program] },
        [typeof(ProgramBody)] = new ProgramBody { Template = EgressTemplate.RewriteMac, Parameters = Macs },
        [typeof(EgressProgramSwapBody)] = new EgressProgramSwapBody { EgressProgram = null },
        [typeof(EgressProgramSwapResource)] = new EgressProgramSwapResource { Interface = "lo", EgressProgram = null, Changed = 1, Revision = 42 },
        [typeof(InterfaceResource)] = Interface,
        [typeof(InterfaceListResource)] = new InterfaceListResource { Interfaces = [Interface] },
        [typeof(HostResource)] = Host,
        [typeof(DevmapShapeResource)] = new DevmapShapeResource
        {
            Entries = 50_000,
            Buckets = 65_536,
            UsedBuckets = 50_000,
            LongestChain = 1,
            ChainsOver8 = 0,
            LongestChainKey = 1,
            MemoryBytes = 3_724_288,
            LongestLookupNs = 0,
            BroadcastNs = 5_046_200,
            WalkNs = 75_000_000,
        },
        [typeof(AuditReportResource)] = AuditReportResource.From(Audit),
        [typeof(ExplanationResource)] = ExplanationResource.From(Explained),
        [typeof(WatchEventResource)] = new WatchEventResource { Revision = 42, Entry = Entry },
    };

    private static ConditionResource Loopback => ConditionResource.From(ConditionTypes.TargetAcceptsRedirect.False(
        "NoNdoXmit",
        "The driver of 'lo' does not accept redirected frames as it is set up now (EOPNOTSUPP).",
        CommonRemedies.AttachAtTarget()));

    /// <summary>The example of an explanation as a page.</summary>
    public static string Page => ExplanationText.Render(Explained, CallText.RestLine);

    /// <summary>The example for a type, as JSON.</summary>
    public static JsonNode Of(Type type) => JsonSerializer.SerializeToNode(All[type], type, RestJson.Instance)!;
}
