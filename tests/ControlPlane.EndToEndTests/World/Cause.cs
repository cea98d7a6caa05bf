using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.World;

/// <summary>Why frames that are sent to an entry do not arrive, and what the API must say of it.</summary>
/// <param name="State">The state of the entry.</param>
/// <param name="Type">The condition that does not hold.</param>
/// <param name="Reason">Its reason.</param>
/// <param name="Bring">Brings it about.</param>
internal sealed record Cause(string State, string Type, string Reason, Func<Scene, Task> Bring)
{
    private const string Program = "egress";

    /// <summary>Whether it is there in generic mode, too.</summary>
    public bool InGenericMode { get; init; } = true;

    /// <summary>Whether the redirect program finds no entry.</summary>
    public bool Missed { get; init; }

    /// <summary>As what the kernel counts the frames in native mode; null where it takes them for sent.</summary>
    public string? Counted { get; init; }

    /// <summary>The same in generic mode, in which what is lost behind the redirect is lost without a trace.</summary>
    public string? CountedInGenericMode { get; init; }

    /// <summary>Carries the remedy out where it is not a command.</summary>
    public Func<Scene, Task>? Mend { get; init; }

    /// <summary>All that are known, by name.</summary>
    public static IReadOnlyDictionary<string, Cause> All { get; } = new Dictionary<string, Cause>
    {
        ["target down"] = new("Undeliverable", "InterfaceUp", "AdministrativelyDown", Done(s => s.Target.Pair.SetUp(false))) { Counted = "targetDown", CountedInGenericMode = "targetDown" },
        ["peer down"] = new("Undeliverable", "CarrierPresent", "PeerDown", Done(s => s.Target.Pair.SetPeerUp(false))) { Counted = "peerDown" },
        ["veth whose peer has neither XDP nor GRO"] =
            new("Undeliverable", "TargetAcceptsRedirect", "PeerWithoutXdp", Done(s => s.Target.Pair.DisablePeerReceive())) { InGenericMode = false, Counted = "notAccepted" },
        ["bridge"] = new("Undeliverable", "TargetAcceptsRedirect", "NoNdoXmit", PointAtBridgeAsync) { InGenericMode = false, Counted = "notAccepted" },
        ["MTU of the target"] = new("Undeliverable", "MtuSufficient", "IngressMtuLarger", Done(s => s.Target.Pair.SetMtu(1400))) { Counted = "frameTooLong", CountedInGenericMode = "frameTooLong" },
        ["MTU of the peer"] = new("Undeliverable", "MtuSufficient", "PeerMtuSmaller", Done(s => s.Target.Pair.SetPeerMtu(1400))) { Counted = "notSent" },
        ["egress program drops"] = new("Undeliverable", "EgressProgramPasses", "TemplateDrops", GiveDroppingProgramAsync) { Counted = "notSent" },
        ["other egress program by hand"] = new("Undeliverable", "InKernel", "OtherEgressProgram", WriteProgramByHandAsync) { Counted = "notSent" },
        ["other interface by hand"] = new("Undeliverable", "InKernel", "OtherInterface", Done(s => s.WriteByHand(s.Ingress.Pair.Ifindex))),
        ["removed by hand"] = new("Pending", "InKernel", "Missing", Done(RemoveByHand)) { Missed = true },
        ["no such interface"] = new("Pending", "InterfacePresent", "NoSuchInterface", Done(s => s.Target.Pair.Delete()))
        {
            Missed = true,
            Mend = Done(s => s.Target = s.Site.AddPort(s.Target.Name)),
        },
    };

    private static Func<Scene, Task> Done(Action<Scene> action) => scene =>
    {
        action(scene);
        return Task.CompletedTask;
    };

    // The same veth is its port then, so what the bridge sends comes out at the same place.
    private static async Task PointAtBridgeAsync(Scene scene)
    {
        scene.Site.Batch("link add bridge type bridge", "link set dev bridge up", $"link set dev {scene.Target.Name} master bridge");
        await scene.Site.Http.PutEntryAsync(Site.ByAddress, Scene.Key, "bridge");
    }

    private static async Task GiveDroppingProgramAsync(Scene scene)
    {
        await scene.Site.Http.WriteAsync<EgressProgram>($"/v1/programs/{Program}", new { template = "drop" });
        await scene.Site.Http.PutEntryAsync(Site.ByAddress, Scene.Key, scene.Target.Name, Program);
    }

    private static async Task WriteProgramByHandAsync(Scene scene)
    {
        await scene.Site.Http.WriteAsync<EgressProgram>($"/v1/programs/{Program}", new { template = "drop" });
        scene.WriteByHand(scene.Target.Pair.Ifindex, $"{scene.Site.Home.PinRoot}/programs/{Program}/program");
    }

    private static void RemoveByHand(Scene scene) =>
        Shell.Run("bpftool", "map", "delete", "pinned", $"{scene.DevmapPins}/active", "key", "7", "0", "0", "10");
}
