using System.Globalization;
using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Somebody changes the kernel's objects with bpftool; the daemon finds it out, says so, and puts it right.</summary>
public sealed class AuditTests
{
    private const string Changed = "10.0.0.1", Removed = "10.0.0.2", Kept = "10.0.0.3";
    private const uint Foreign = 0x0a000009;

    [Fact]
    public async Task Audit_MapAndLinkChangedByBpftool_AllIsToldAndPutRight()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target, other) = (site.AddPort(), site.AddPort(), site.AddPort());
        var wanted = await ArrangeAsync(site, ingress, target);
        ChangeByHand(site, other);
        Assert.Equal("Undeliverable", (await site.Http.EntryAsync(Site.ByAddress, Changed)).Status.State);
        Assert.Equal(0, Arriving(ingress, target, Changed));

        var told = await site.Http.AuditAsync(Site.ByAddress, repair: false);
        Assert.Equal((5, 0), (told.Found, told.Repaired));
        var report = await site.Http.AuditAsync(Site.ByAddress);

        Assert.Equal((5, 5), (report.Found, report.Repaired));
        var drifts = report.Drifts.ToDictionary(d => d.Kind);
        Assert.Equal(ingress.Name, drifts["detached"].Interface);
        Assert.True(drifts["inactive"].Repaired);
        Assert.Equal((Changed, other.Name, target.Name), (drifts["changed"].Key, drifts["changed"].Found!.Interface, drifts["changed"].Wanted!.Interface));
        Assert.Equal((Removed, (DriftElement?)null), (drifts["missing"].Key, drifts["missing"].Found));
        Assert.Equal((Foreign, (DriftElement?)null), (drifts["foreign"].KernelKey, drifts["foreign"].Wanted));
        Assert.Equal(wanted, site.KernelMap(Site.ByAddress));
        Assert.Equal(0, (await site.Http.AuditAsync(Site.ByAddress)).Found);
        foreach (var key in (string[])[Changed, Removed, Kept])
            Assert.Equal(1, Arriving(ingress, target, key));
    }

    [Fact]
    public async Task RegularAudit_MapAndLinkChangedByBpftool_IsPutRightByItself()
    {
        await using var site = await Site.StartAsync(arguments: "--ControlPlane:Audit:Interval=00:00:00.2");
        var (ingress, target, other) = (site.AddPort(), site.AddPort(), site.AddPort());
        var wanted = await ArrangeAsync(site, ingress, target);

        ChangeByHand(site, other);

        await Eventually.Async(() => wanted.OrderBy(e => e.Key).SequenceEqual(site.KernelMap(Site.ByAddress).OrderBy(e => e.Key)));
        await Eventually.Async(async () => (await site.Http.EntryAsync(Site.ByAddress, Kept)).Status.Faults.FirstOrDefault() is null);
        await Eventually.Async(() => Arriving(ingress, target, Changed) == 1);
    }

    private static async Task<IReadOnlyDictionary<uint, uint>> ArrangeAsync(Site site, Port ingress, Port target)
    {
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        foreach (var key in (string[])[Changed, Removed, Kept])
            await site.Http.PutEntryAsync(Site.ByAddress, key, target.Name);
        return site.KernelMap(Site.ByAddress);
    }

    private static void ChangeByHand(Site site, Port other)
    {
        var map = $"{site.Home.PinRoot}/devmaps/{Site.ByAddress}";
        Update(site, map, 0x0a000001, other.Pair.Ifindex);
        Update(site, map, Foreign, other.Pair.Ifindex);
        Shell.Run("bpftool", ["map", "delete", "pinned", $"{map}/active", "key", .. Bytes(0x0a000002)]);
        Shell.Run("bpftool", "map", "delete", "pinned", $"{map}/slot", "key", "0", "0", "0", "0");
        foreach (var link in Directory.GetFiles($"{map}/links"))
            Shell.Run("bpftool", "link", "detach", "pinned", link);
    }

    // In the namespace of the interfaces: the kernel resolves the index in that of the caller.
    private static void Update(Site site, string map, uint key, uint ifindex) => Shell.Run(
        "nsenter", [$"--net={site.Space.Path}", "--", "bpftool", "map", "update", "pinned", $"{map}/active", "key", .. Bytes(key), "value", .. Bytes(ifindex), .. Bytes(0)]);

    private static IEnumerable<string> Bytes(uint number) =>
        BitConverter.GetBytes(number).Select(b => b.ToString(CultureInfo.InvariantCulture));

    private static int Arriving(Port from, Port to, string key)
    {
        var run = FrameMark.NewRun();
        return from.Send([Frames.Udp(new FrameMark(run, 0), key)], run, to)[0].Count;
    }
}
