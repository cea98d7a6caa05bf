using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Interfaces that change faster, or more of them at once, than anybody can follow step by step.</summary>
public sealed class LinkStormTests
{
    private const string Key = "10.0.0.7";

    [Fact]
    public async Task Flapping_HundredTimesASecond_EndsAsTheLinksEnd()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        var before = await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);
        string[] down = [$"link set dev {target.Name} down", $"link set dev {ingress.Name} down"];
        string[] up = [$"link set dev {ingress.Name} up", $"link set dev {target.Name} up"];

        var flapping = site.RepeatAsync(times: 200, TimeSpan.FromMilliseconds(10), [.. down, .. up]);
        for (var n = 0; !flapping.IsCompleted; n++)
            await site.Http.PutEntryAsync(Site.ByAddress, ManyEntries.Key(65536 + n), target.Name); // writes go on meanwhile
        await flapping;
        site.Batch(down);
        await site.AssertAgreesAsync();
        Assert.Equal("Undeliverable", (await site.Http.EntryAsync(Site.ByAddress, Key)).Status.State);

        site.Batch(up);
        await site.WaitForStateAsync(Site.ByAddress, Key, "Forwarding");
        await site.AssertAgreesAsync();
        AssertForwards(ingress, target);
        Assert.Equal(before.Revision, (await site.Http.EntryAsync(Site.ByAddress, Key)).Revision);
    }

    [Fact]
    public async Task DeletedAndMadeAgain_AsFastAsTheKernelCan_EndsInPlace()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByInterface, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, ingress.Name, target.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, target.Name, ingress.Name);

        await Task.WhenAll(new[] { ingress.Name, target.Name }.Select(name => Task.Run(() => site.Batch(Enumerable.Repeat<string[]>(
            [$"link del dev {name}", $"link add name {name} up type veth peer name {name}p"], 100).SelectMany(c => c)))));
        await site.AssertAgreesAsync();
        site.Batch($"link del dev {ingress.Name}", $"link del dev {target.Name}");
        (ingress, target) = (site.AddPort(ingress.Name), site.AddPort(target.Name));

        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Forwarding");
        await site.AssertAgreesAsync();
        AssertForwards(ingress, target);
    }

    [Fact]
    public async Task ThousandInterfaces_MadeAndDeletedInOneGo_EveryEntryFollows()
    {
        const int Count = 1000;
        const int Group = 7;
        await using var site = await Site.StartAsync();
        var ingress = site.AddPort();
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        var names = Enumerable.Range(0, Count).Select(n => $"many{n}").ToList();
        await Parallel.ForAsync(0, Count, async (n, _) =>
        {
            await site.Http.PutEntryAsync(Site.ByAddress, ManyEntries.Key(7 + n), names[n], allowPending: true);
            await site.Http.PutEntryAsync(Site.ByInterface, names[n], names[Count - 1 - n], allowPending: true);
        });
        await site.AssertAgreesAsync();
        Assert.Empty(site.KernelMap(Site.ByAddress));

        var target = site.AddPort(names[0]);
        site.Batch(names.Skip(1).Select(n => $"link add name {n} group {Group} up type veth peer name {n}p"));
        await site.AssertAgreesAsync();
        Assert.Equal(Count, site.KernelMap(Site.ByAddress).Count);
        Assert.Equal(Count, site.KernelMap(Site.ByInterface).Count);
        AssertForwards(ingress, target);

        site.Batch($"link del group {Group}", $"link del dev {target.Name}");
        await site.AssertAgreesAsync();
        Assert.All(await site.Http.ListAsync(Site.ByAddress, "pageSize=1000"), e => Assert.Equal("Pending", e.Status.State));
        Assert.Empty(site.KernelMap(Site.ByInterface));
    }

    [Fact]
    public async Task NotificationsLost_WhatWasNotHeardOf_IsFound()
    {
        const int Flood = 20_000; // several times what the receive buffer takes
        await using var site = await Site.StartAsync();
        var (ingress, gone, kept) = (site.AddPort(), site.AddPort(), site.AddPort());
        string[] late = [.. Enumerable.Range(0, 10).Select(n => $"late{n}")];
        foreach (var (n, name) in late.Index())
        {
            await site.Http.PutEntryAsync(Site.ByAddress, ManyEntries.Key(100 + n), name, allowPending: true);
            await site.Http.PutEntryAsync(Site.ByInterface, name, kept.Name, allowPending: true);
        }

        await site.Http.AttachAsync(Site.ByInterface, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, ingress.Name, kept.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, gone.Name, kept.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, Key, gone.Name);

        await site.BatchUnseenAsync(
        [
            .. Enumerable.Range(0, Flood).Select(n => $"link set dev {kept.Name} mtu {1499 + (n % 2)}"),
            // The first of those that wait gets the index of one that is a key.
            $"link del dev {gone.Name}",
            $"link add name {late[0]} index {gone.Pair.Ifindex} up type veth peer name {late[0]}p",
            .. late.Skip(1).Select(n => $"link add name {n} up type veth peer name {n}p"),
            // The ingress as another device under its name and its index.
            $"link del dev {ingress.Name}",
            $"link add name {ingress.Name} index {ingress.Pair.Ifindex} type veth peer name {ingress.Name}p",
        ]);

        await site.AssertAgreesAsync();
        Assert.Contains(site.Home.Daemon.Log, line => line.Contains("ENOBUFS", StringComparison.Ordinal));
        Assert.Equal(late.Length, site.KernelMap(Site.ByAddress).Count);
        site.Batch($"link del dev {ingress.Name}");
        ingress = site.AddPort(ingress.Name);
        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Forwarding");
        await site.AssertAgreesAsync();
        AssertForwards(ingress, kept);
    }

    private static void AssertForwards(Port from, Port to)
    {
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, 0), Key);
        Assert.Equal([frame], from.Send([frame], run, to)[0]);
    }
}
