using System.Globalization;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Another process changes the kernel's objects with bpftool; the daemon finds, reports and repairs the changes.</summary>
[Trait("Group", "kernels")]
public sealed class AuditTests
{
    private const string Changed = "10.0.0.1", Removed = "10.0.0.2", Kept = "10.0.0.3";
    private const uint Foreign = 0x0a000009;

    [Fact]
    public async Task Audit_MapAndLinkChangedByBpftool_ReportsAndRepairsAll()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target, other) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        var wanted = await ArrangeAsync(testbed, ingress, target);
        ChangeByHand(testbed, other);
        Assert.Equal("Undeliverable", (await testbed.Http.EntryAsync(Testbed.ByAddress, Changed)).Status.State);
        ingress.AssertDoesNotReach(target, Changed);

        var told = await testbed.Http.AuditAsync(Testbed.ByAddress, repair: false);
        Assert.Equal((5, 0), (told.Found, told.Repaired));
        var report = await testbed.Http.AuditAsync(Testbed.ByAddress);

        Assert.Equal((5, 5), (report.Found, report.Repaired));
        var drifts = report.Drifts.ToDictionary(d => d.Kind);
        Assert.Equal(ingress.Name, drifts["detached"].Interface);
        Assert.True(drifts["inactive"].Repaired);
        Assert.Equal((Changed, other.Name, target.Name), (drifts["changed"].Key, drifts["changed"].Found!.Interface, drifts["changed"].Desired!.Interface));
        Assert.Equal((Removed, (DriftElement?)null), (drifts["missing"].Key, drifts["missing"].Found));
        Assert.Equal((Foreign, (DriftElement?)null), (drifts["unmanaged"].KernelKey, drifts["unmanaged"].Desired));
        Assert.Equal(wanted, testbed.KernelMap(Testbed.ByAddress));
        Assert.Equal(0, (await testbed.Http.AuditAsync(Testbed.ByAddress)).Found);
        foreach (var key in (string[])[Changed, Removed, Kept])
            ingress.AssertReaches(target, key);
    }

    [Fact]
    public async Task RegularAudit_MapAndLinkChangedByBpftool_RepairsWithoutARequest()
    {
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Audit:Interval=00:00:00.2");
        var (ingress, target, other) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        var wanted = await ArrangeAsync(testbed, ingress, target);

        ChangeByHand(testbed, other);

        await Eventually.Async(() => wanted.OrderBy(e => e.Key).SequenceEqual(testbed.KernelMap(Testbed.ByAddress).OrderBy(e => e.Key)));
        await Eventually.Async(async () => (await testbed.Http.EntryAsync(Testbed.ByAddress, Kept)).Status.Faults.All(f => f.Status == "Unknown"));
        await Eventually.Async(() => Arriving(ingress, target, Changed) == 1);
    }

    private static async Task<IReadOnlyDictionary<uint, uint>> ArrangeAsync(Testbed testbed, Port ingress, Port target)
    {
        // In native mode the end of the program changes the largest MTU of the veth's peer, which is a link event and repaired as such.
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name, "generic");
        foreach (var key in (string[])[Changed, Removed, Kept])
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, key, target.Name);
        return testbed.KernelMap(Testbed.ByAddress);
    }

    private static void ChangeByHand(Testbed testbed, Port other)
    {
        var map = $"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByAddress}";
        Update(testbed, map, 0x0a000001, other.Pair.Ifindex);
        Update(testbed, map, Foreign, other.Pair.Ifindex);
        Shell.Run("bpftool", ["map", "delete", "pinned", $"{map}/active", "key", .. Bytes(0x0a000002)]);
        Shell.Run("bpftool", "map", "delete", "pinned", $"{map}/slots", "key", "0", "0", "0", "0");
        foreach (var link in Directory.GetFiles($"{map}/links"))
            Shell.Run("bpftool", "link", "detach", "pinned", link);
    }

    // In the namespace of the interfaces, because the kernel resolves the index in the namespace of the caller.
    private static void Update(Testbed testbed, string map, uint key, uint ifindex) => Shell.Run(
        "nsenter", [$"--net={testbed.Space.Path}", "--", "bpftool", "map", "update", "pinned", $"{map}/active", "key", .. Bytes(key), "value", .. Bytes(ifindex), .. Bytes(0)]);

    private static IEnumerable<string> Bytes(uint number) =>
        BitConverter.GetBytes(number).Select(b => b.ToString(CultureInfo.InvariantCulture));

    private static int Arriving(Port from, Port to, string key)
    {
        var run = FrameMark.NewRun();
        return from.Send([Frames.Udp(new FrameMark(run, 0), key)], run, to, expected: 1).Count;
    }
}
