using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests;

/// <summary>Interfaces that change faster, or more at once, than the daemon can follow step by step.</summary>
[Trait("Group", "losses")]
public sealed class LinkStormTests
{
    private const string Key = "10.0.0.7";

    [Fact]
    public async Task Flapping_HundredTimesASecond_EndsInTheStateOfTheLinks()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        var before = await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, target.Name);
        string[] down = [$"link set dev {target.Name} down", $"link set dev {ingress.Name} down"];
        string[] up = [$"link set dev {ingress.Name} up", $"link set dev {target.Name} up"];

        var flapping = testbed.RepeatAsync(times: 200, TimeSpan.FromMilliseconds(10), [.. down, .. up]);
        for (var n = 0; !flapping.IsCompleted; n++)
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, ManyEntries.Key(65536 + n), target.Name); // writes continue meanwhile
        await flapping;
        testbed.Batch(down);
        await testbed.AssertConsistentAsync();
        Assert.Equal("Undeliverable", (await testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status.State);

        testbed.Batch(up);
        await testbed.WaitForStateAsync(Testbed.ByAddress, Key, "Forwarding");
        await testbed.AssertConsistentAsync();
        ingress.AssertReaches(target);
        Assert.Equal(before.Revision, (await testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Revision);
    }

    [Fact]
    public async Task DeletedAndCreatedAgain_AsFastAsTheKernelCan_EndsCorrect()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, target.Name, ingress.Name);

        await Task.WhenAll(new[] { ingress.Name, target.Name }.Select(name => Task.Run(() => testbed.Batch(Enumerable.Repeat<string[]>(
            [$"link del dev {name}", $"link add name {name} up type veth peer name {name}p"], 100).SelectMany(c => c)))));
        await testbed.AssertConsistentAsync();
        testbed.Batch($"link del dev {ingress.Name}", $"link del dev {target.Name}");
        (ingress, target) = (testbed.AddPort(ingress.Name), testbed.AddPort(target.Name));

        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        await testbed.AssertConsistentAsync();
        ingress.AssertReaches(target);
    }

    [Fact]
    public async Task ThousandInterfaces_CreatedAndDeletedInOneBatch_EveryEntryFollows()
    {
        const int Count = 1000;
        const int Group = 7;
        await using var testbed = await Testbed.StartAsync();
        var ingress = testbed.AddPort();
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        var names = Enumerable.Range(0, Count).Select(n => $"many{n}").ToList();
        await Parallel.ForAsync(0, Count, async (n, _) =>
        {
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, ManyEntries.Key(7 + n), names[n], allowPending: true);
            await testbed.Http.PutEntryAsync(Testbed.ByInterface, names[n], names[Count - 1 - n], allowPending: true);
        });
        await testbed.AssertConsistentAsync();
        Assert.Empty(testbed.KernelMap(Testbed.ByAddress));

        var target = testbed.AddPort(names[0]);
        testbed.Batch(names.Skip(1).Select(n => $"link add name {n} group {Group} up type veth peer name {n}p"));
        await testbed.AssertConsistentAsync();
        Assert.Equal(Count, testbed.KernelMap(Testbed.ByAddress).Count);
        Assert.Equal(Count, testbed.KernelMap(Testbed.ByInterface).Count);
        ingress.AssertReaches(target);

        testbed.Batch($"link del group {Group}", $"link del dev {target.Name}");
        await testbed.AssertConsistentAsync();
        Assert.All(await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=1000"), e => Assert.Equal("Pending", e.Status.State));
        Assert.Empty(testbed.KernelMap(Testbed.ByInterface));
    }

    [Fact]
    public async Task NotificationsLost_MissedChangesAreFound()
    {
        const int Flood = 20_000; // several times what the receive buffer takes
        await using var testbed = await Testbed.StartAsync();
        var (ingress, gone, kept) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        string[] late = [.. Enumerable.Range(0, 10).Select(n => $"late{n}")];
        foreach (var (n, name) in late.Index())
        {
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, ManyEntries.Key(100 + n), name, allowPending: true);
            await testbed.Http.PutEntryAsync(Testbed.ByInterface, name, kept.Name, allowPending: true);
        }

        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, kept.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, gone.Name, kept.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, gone.Name);

        await testbed.BatchUnseenAsync(
        [
            .. Enumerable.Range(0, Flood).Select(n => $"link set dev {kept.Name} mtu {1499 + (n % 2)}"),
            // The first pending interface gets the index of an interface that is a key.
            $"link del dev {gone.Name}",
            $"link add name {late[0]} index {gone.Pair.Ifindex} up type veth peer name {late[0]}p",
            .. late.Skip(1).Select(n => $"link add name {n} up type veth peer name {n}p"),
            // Another device gets the name and the index of the ingress.
            $"link del dev {ingress.Name}",
            $"link add name {ingress.Name} index {ingress.Pair.Ifindex} type veth peer name {ingress.Name}p",
        ]);

        await testbed.AssertConsistentAsync();
        Assert.Contains(testbed.Runner.Daemon.Log, line => line.Contains("ENOBUFS", StringComparison.Ordinal));
        Assert.Equal(late.Length, testbed.KernelMap(Testbed.ByAddress).Count);
        testbed.Batch($"link del dev {ingress.Name}");
        ingress = testbed.AddPort(ingress.Name);
        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        await testbed.AssertConsistentAsync();
        ingress.AssertReaches(kept);
    }
}
