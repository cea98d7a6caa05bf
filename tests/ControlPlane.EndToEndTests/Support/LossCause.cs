using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>A cause why frames to an entry do not arrive, and the status that the API must report.</summary>
/// <param name="State">The state of the entry.</param>
/// <param name="Type">The condition that does not hold.</param>
/// <param name="Reason">The reason of the condition.</param>
/// <param name="Make">Makes the cause.</param>
internal sealed record LossCause(string State, string Type, string Reason, Func<EntryTestbed, Task> Make)
{
    private const string Program = "egress";

    /// <summary>Whether the cause exists in generic mode as well.</summary>
    public bool InGenericMode { get; init; } = true;

    /// <summary>Whether the cause exists in tcx mode as well, which counts no loss behind the redirect.</summary>
    public bool InTcxMode { get; init; } = true;

    /// <summary>Whether the redirect program finds no entry.</summary>
    public bool Missed { get; init; }

    /// <summary>The cause under which the kernel counts the frames in native mode; null if it counts them as sent.</summary>
    public string? Counted { get; init; }

    /// <summary>The cause under which the kernel counts the frames in generic mode, which counts no loss behind the redirect.</summary>
    public string? CountedInGenericMode { get; init; }

    /// <summary>Applies the remedy if it is not a command.</summary>
    public Func<EntryTestbed, Task>? Repair { get; init; }

    /// <summary>All causes by name.</summary>
    public static IReadOnlyDictionary<string, LossCause> All { get; } = new Dictionary<string, LossCause>
    {
        ["target down"] = new("Undeliverable", "InterfaceUp", "AdministrativelyDown", Done(s => s.Target.Pair.SetUp(false))) { Counted = "targetDown", CountedInGenericMode = "targetDown" },
        ["peer down"] = new("Undeliverable", "CarrierPresent", "PeerDown", Done(s => s.Target.Pair.SetPeerUp(false))) { Counted = "peerDown" },
        ["veth whose peer has neither XDP nor GRO"] =
            new("Undeliverable", "TargetAcceptsRedirect", "PeerWithoutXdp", Done(s => s.Target.Pair.DisablePeerReceive())) { InGenericMode = false, InTcxMode = false, Counted = "notAccepted" },
        ["bridge"] = new("Undeliverable", "TargetAcceptsRedirect", "NoNdoXmit", SendToBridgeAsync) { InGenericMode = false, InTcxMode = false, Counted = "notAccepted" },
        ["MTU of the target"] = new("Undeliverable", "MtuSufficient", "IngressMtuLarger", Done(s => s.Target.Pair.SetMtu(1400))) { InTcxMode = false, Counted = "frameTooLong", CountedInGenericMode = "frameTooLong" },
        ["MTU of the peer"] = new("Undeliverable", "MtuSufficient", "PeerMtuSmaller", Done(s => s.Target.Pair.SetPeerMtu(1400))) { Counted = "notSent" },
        ["egress program drops"] = new("Undeliverable", "EgressProgramPasses", "TemplateDrops", SetDroppingProgramAsync) { Counted = "notSent" },
        ["other egress program by hand"] = new("Undeliverable", "InKernel", "OtherEgressProgram", WriteProgramByHandAsync) { Counted = "notSent" },
        ["other interface by hand"] = new("Undeliverable", "InKernel", "OtherInterface", Done(s => s.WriteByHand(s.Ingress.Pair.Ifindex))),
        ["removed by hand"] = new("Pending", "InKernel", "Missing", Done(RemoveByHand)) { Missed = true },
        ["no such interface"] = new("Pending", "InterfacePresent", "NoSuchInterface", Done(s => s.Target.Pair.Delete()))
        {
            Missed = true,
            Repair = Done(s => s.Target = s.Testbed.AddPort(s.Target.Name)),
        },
    };

    private static Func<EntryTestbed, Task> Done(Action<EntryTestbed> action) => entryTestbed =>
    {
        action(entryTestbed);
        return Task.CompletedTask;
    };

    // The veth becomes a port of the bridge, so frames of the bridge come out at the same place.
    private static async Task SendToBridgeAsync(EntryTestbed entryTestbed)
    {
        entryTestbed.Testbed.Batch("link add bridge type bridge", "link set dev bridge up", $"link set dev {entryTestbed.Target.Name} master bridge");
        await entryTestbed.Testbed.Http.PutEntryAsync(Testbed.ByAddress, EntryTestbed.Key, "bridge");
    }

    private static async Task SetDroppingProgramAsync(EntryTestbed entryTestbed)
    {
        await entryTestbed.Testbed.Http.WriteAsync<EgressProgram>($"/v1/programs/{Program}", new { template = "drop" });
        await entryTestbed.Testbed.Http.PutEntryAsync(Testbed.ByAddress, EntryTestbed.Key, entryTestbed.Target.Name, Program);
    }

    private static async Task WriteProgramByHandAsync(EntryTestbed entryTestbed)
    {
        await entryTestbed.Testbed.Http.WriteAsync<EgressProgram>($"/v1/programs/{Program}", new { template = "drop" });
        entryTestbed.WriteByHand(entryTestbed.Target.Pair.Ifindex, $"{entryTestbed.Testbed.Runner.PinRoot}/programs/{Program}/program");
    }

    private static void RemoveByHand(EntryTestbed entryTestbed) =>
        Shell.Run("bpftool", "map", "delete", "pinned", $"{entryTestbed.DevmapPins}/active", "key", "7", "0", "0", "10");
}
