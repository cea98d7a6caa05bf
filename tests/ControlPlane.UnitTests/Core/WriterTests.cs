using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.UnitTests.Core;

public sealed class WriterTests
{
    [Fact]
    public async Task Submit_FullQueue_IsBusyAtOnceAndNothingIsLost()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, options: new WriterOptions { QueueCapacity = 4, MaxBatch = 1 });
        gate.Close();
        var underWay = core.PutAsync("vlans", "1", "sim1");
        await gate.Reached;
        // One caller has half of the queue.
        var waiting = new[] { core.PutAsync("vlans", "2", "sim1"), core.PutAsync("vlans", "3", "sim1") };
        var error = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "4", "sim1"));
        Assert.Equal(ErrorCode.WriterBusy, error.Code);
        Assert.NotNull(error.RetryAfter);
        gate.Open();
        await Task.WhenAll([underWay, .. waiting]);
        Assert.Equal(3, core.List("vlans").Entries.Count);
    }

    [Fact]
    public async Task Cancel_WhileWaiting_SkipsTheCommand()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, options: new WriterOptions { MaxBatch = 1 });
        gate.Close();
        using var cancel = new CancellationTokenSource();
        var underWay = core.PutAsync("vlans", "1", "sim1", cancellationToken: cancel.Token);
        await gate.Reached;
        var waiting = core.PutAsync("vlans", "2", "sim1", cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        gate.Open();
        Assert.True((await underWay).Created);
        Assert.Equal(ErrorCode.EntryNotFound, (await CoreFixture.FailsAsync(() => core.Entries.DeleteAsync("vlans", "2", default, default))).Code);
    }

    [Fact]
    public async Task Stop_DrainsWhatWaitsAndRefusesWhatComes()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.Close();
        var puts = Enumerable.Range(1, 20).Select(i => core.PutAsync("vlans", $"{i}", "sim1")).ToList();
        await gate.Reached;
        var stop = core.Writer.StopAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCode.ShuttingDown, (await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "99", "sim1"))).Code);
        gate.Open();
        await stop;
        Assert.All(await Task.WhenAll(puts), p => Assert.True(p.Created));
    }

    [Fact]
    public async Task Stop_AfterTheDeadline_FailsWhatWasNotBegun()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, options: new WriterOptions { MaxBatch = 1 });
        gate.Close();
        var underWay = core.PutAsync("vlans", "1", "sim1");
        await gate.Reached;
        var waiting = core.PutAsync("vlans", "2", "sim1");
        var stop = core.Writer.StopAsync(TimeSpan.Zero);
        gate.Open();
        await stop;
        Assert.True((await underWay).Created);
        Assert.Equal(ErrorCode.ShuttingDown, (await CoreFixture.FailsAsync(() => waiting)).Code);
        Assert.False(core.Host.Devmaps["vlans"].TryGet(2, out _));
    }

    [Fact]
    public async Task KernelRefusal_FailsThatCommandAndChangesNothing()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM (Cannot allocate memory)");
        var error = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "sim1"));
        Assert.Equal((ErrorCode.KernelFailure, Errno.ENOMEM), (error.Code, error.Errno));
        Assert.Empty(core.List("vlans").Entries);
        gate.Refusal = null;
        Assert.True((await core.PutAsync("vlans", "1", "sim1")).Created);
    }

    [Fact]
    public async Task UnexpectedException_EndsTheLoopAndIsReported()
    {
        using var gate = new KernelGate();
        var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.Refusal = new InvalidDataException("a defect");
        await Assert.ThrowsAsync<InvalidDataException>(() => core.PutAsync("vlans", "1", "sim1"));
        await Assert.ThrowsAsync<InvalidDataException>(() => core.Writer.Completion);
        Assert.Equal(ErrorCode.ShuttingDown, (await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "2", "sim1"))).Code);
    }

    [Fact]
    public async Task Put_NothingToChange_DoesNotTouchTheKernel()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.PutAsync("vlans", "1", "sim1");
        var writes = gate.Updates;
        await core.PutAsync("vlans", "1", "sim1");
        Assert.Equal(writes, gate.Updates);
    }

    [Fact]
    public async Task Start_DefinitionDiffersFromThePins_FailsTheStart()
    {
        var host = ControlPlane.Simulation.SimulatedHost.WithInterfaces();
        using (var kernel = new ControlPlane.Simulation.SimulatedKernel(host))
            kernel.OpenDevmap(new WriterScope(true), CoreFixture.Vlans with { Spec = CoreFixture.Vlans.Spec with { MaxEntries = 7 } }).Dispose();
        var error = await CoreFixture.FailsAsync(() => CoreFixture.StartAsync(host));
        Assert.Contains("MaxEntries", error.Detail, StringComparison.Ordinal);
    }
}
