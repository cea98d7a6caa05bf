using System.Net.Http.Json;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Kernel;
using Devmapd.V1;

namespace ControlPlane.EndToEndTests;

/// <summary>The egress program of an interface with many entries changes in slices: a crash or a refusal in the middle leaves no mixture.</summary>
[Trait("Group", "losses")]
public sealed class SwapTests
{
    private const int Count = 20_000;

    [Fact]
    public async Task KilledInTheMiddle_TheStartFinishesIt()
    {
        await using var testbed = await Testbed.StartAsync();
        var target = await FillAsync(testbed);
        var before = await RevisionAsync(testbed, target);

        var swapping = TrySwapAsync(testbed, target);
        // The swap is stored as a whole, and the kernel follows.
        while (await RevisionAsync(testbed, target) == before)
            await Task.Yield();
        await testbed.Runner.KillAsync();
        await swapping;
        await testbed.Runner.StartAsync();

        await AssertAllCarryAsync(testbed, target, "seen");
    }

    [Fact]
    public async Task KernelRefusesAnEntryInTheMiddle_AllHaveTheProgramBefore()
    {
        await using var testbed = await Testbed.StartAsync();
        using var shim = new KernelShim();
        await testbed.Runner.StopAsync();
        testbed.Runner.Environment = shim.Environment;
        await testbed.Runner.StartAsync();
        var target = await FillAsync(testbed);
        using var watch = testbed.Client.Devmaps.Watch(new() { Devmap = Testbed.ByAddress, Revision = await RevisionAsync(testbed, target) });

        // The daemon tries an update that fails for want of memory five times.
        shim.RefuseUpdates(after: Count / 2, count: 5);
        using var answer = await testbed.Http.PostAsJsonAsync($"/v1/interfaces/{target}:setEgressProgram", new { egressProgram = "seen" });
        var problem = await RestRequests.ProblemAsync(answer);

        Assert.Equal("kernel_failure", problem.Code);
        await AssertAllCarryAsync(testbed, target, null);
        var sets = new List<EgressProgramSet>();
        while (sets.Count < 2 && await watch.ResponseStream.MoveNext(default))
        {
            if (watch.ResponseStream.Current.EgressProgramSet is { } set)
                sets.Add(set);
        }

        Assert.Equal([("seen", Count), ("", Count)], sets.Select(s => (s.EgressProgram, s.Entries)));
        Assert.Equal(Count, await ChangedAsync(testbed, target));
        await AssertAllCarryAsync(testbed, target, "seen");
    }

    private static async Task<string> FillAsync(Testbed testbed)
    {
        var target = testbed.AddPort().Name;
        await ManyEntries.PutAsync(testbed.Client, Count, _ => target);
        await testbed.Http.WriteAsync<EgressProgramView>("/v1/programs/seen", new { template = "count" });
        return target;
    }

    private static async Task TrySwapAsync(Testbed testbed, string target)
    {
        try
        {
            using var answer = await testbed.Http.PostAsJsonAsync($"/v1/interfaces/{target}:setEgressProgram", new { egressProgram = "seen" });
        }
        catch (HttpRequestException)
        {
            // The daemon was killed.
        }
    }

    private static async Task<int> ChangedAsync(Testbed testbed, string target) =>
        (await testbed.Client.Programs.SetEgressProgramAsync(new() { Interface = target, EgressProgram = "seen" })).Changed;

    private static async Task<long> RevisionAsync(Testbed testbed, string target) =>
        (await testbed.Http.ReadAsync<InterfaceView>($"/v1/interfaces/{target}")).Revision;

    private static async Task AssertAllCarryAsync(Testbed testbed, string target, string? program)
    {
        var id = program is null ? 0 : (await testbed.Http.ReadAsync<EgressProgramView>($"/v1/programs/{program}")).Status.ProgramId;
        var elements = testbed.KernelElements(Testbed.ByAddress);
        Assert.Equal(Count, elements.Count);
        Assert.All(elements, e => Assert.Equal(id, e.Program));
        var revision = await RevisionAsync(testbed, target);
        await foreach (var entry in testbed.Client.ListEntriesAsync(new() { Devmap = Testbed.ByAddress, PageSize = 10_000 }))
            Assert.Equal((program ?? "", revision, id), (entry.Spec.EgressProgram, entry.Revision, entry.Status.EgressProgramId));
    }

    private sealed record InterfaceView(long Revision);

    private sealed record EgressProgramView(ProgramStatusView Status);

    private sealed record ProgramStatusView(uint ProgramId);
}
