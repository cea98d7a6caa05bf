using ControlPlane.Core.Api;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.KernelTests.Support;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>The core on the real kernel, as if it were older than Linux 6.3: the family that reports xdp-features is hidden.</summary>
public sealed class UnverifiedTests
{
    [Fact]
    public async Task Targets_WithoutXdpFeatures_AreJudgedByKindAndProgram_OrAreUnverified()
    {
        using var space = NetworkNamespace.Create();
        Ip(space, "link add near type veth peer name far");
        Ip(space, "link add left type veth peer name right");
        Ip(space, "link add br0 type bridge");
        foreach (var name in (string[])["near", "far", "left", "right", "br0"])
            Ip(space, $"link set {name} up");
        using var testbed = new KernelTestbed(space, asksNetdev: false);
        Assert.Null(testbed.Interface("near").XdpFeatures);
        using var facts = new FactTimes(testbed.Kernel, TimeProvider.System);
        var state = new ControlPlaneState(facts);
        using var log = new ChangeLog(16);
        var store = new MemoryStore();
        using var writer = new DevmapWriter(
            new WriterOptions(), testbed.Kernel, store, state, log, new ChangeHistory(store), TimeProvider.System, NullLogger<DevmapWriter>.Instance);
        await space.Run(() => writer.StartAsync(
            [
                new("ensured", new DevmapSpec(64, KeySelector: KeySelector.Vlan)),
                new("left", new DevmapSpec(64, KeySelector: KeySelector.Vlan, EnsureTargets: EnsureTargets.Off)),
            ],
            default));
        try
        {
            var drops = new DropReader(testbed.Kernel, TimeProvider.System);
            var evaluators = new StatusEvaluators(state, drops);
            using var waits = new EntryWaits(state, log, testbed.Kernel, evaluators, new PageGate(), new UnlimitedPlaces(), TimeProvider.System);
            var entries = new EntryService(state, writer, testbed.Kernel, drops, evaluators, waits);
            Assert.Equal((EntryState.Forwarding, "PassProgram"), await PutAsync("ensured", "near"));
            Assert.Equal((EntryState.Unverified, "FeaturesUnseen"), await PutAsync("left", "left"));
            Assert.Equal((EntryState.Undeliverable, "NoNdoXmit"), await PutAsync("ensured", "br0"));
            Assert.Equal((EntryState.Undeliverable, "NoNdoXmit"), await PutAsync("ensured", "lo"));

            async Task<(EntryState, string)> PutAsync(string devmap, string target)
            {
                var key = $"{space.IfindexOf(target)}";
                var status = (await entries.PutAsync(devmap, key, new EntrySpec(target), false, RequestContext.OfDaemon())).View.Status;
                return (status.State, status.Conditions.Single(c => c.Type == ConditionTypes.TargetAcceptsRedirect).Reason);
            }
        }
        finally
        {
            await writer.StopAsync(TimeSpan.FromSeconds(5));
        }
    }

    private static void Ip(NetworkNamespace space, string arguments) => space.Shell("ip", arguments.Split(' '));
}
