using ControlPlane.Client;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Spectre.Console;

namespace ControlPlane.Demo;

/// <summary>Builds the network, steers it by gRPC and shows it. Everything it makes goes onto the undo stack at once.</summary>
internal sealed class DemoRun(IAnsiConsole console, UndoStack undo)
{
    private const int WidthWithoutTerminal = 150;
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestShow = TimeSpan.FromDays(1);

    // Ends with the first table, or with the show.
    private readonly TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs it until its time is over or it is interrupted.</summary>
    /// <exception cref="OperationCanceledException">Interrupted before there was anything to show.</exception>
    public async Task RunAsync(Arguments arguments, CancellationToken interrupted)
    {
        if (!arguments.Live)
            console.Profile.Width = WidthWithoutTerminal;
        var time = arguments.Time ?? LongestShow;
        var topology = Build();
        interrupted.ThrowIfCancellationRequested();
        var runner = undo.Add(new DaemonRunner(NetworkNamespace.Initial, detached: true, DemoNetwork.Devmaps));
        await runner.StartAsync();
        interrupted.ThrowIfCancellationRequested();
        var client = undo.Add(DevmapdClient.Connect(runner.Address));
        await SteerAsync(client);
        Introduce(runner, arguments);

        var traffic = new Traffic(topology, undo, time);
        foreach (var flow in DemoNetwork.Flows)
            traffic.Start(flow);
        var table = new EntryTable(client, traffic);
        // Long enough to see the pending entry wait, early enough to see it come to life. On a busy machine the first table comes late.
        var curtain = time < TimeSpan.FromSeconds(10) ? time / 2 : TimeSpan.FromSeconds(5);
        var late = AddLatePortAsync(topology, traffic, curtain, interrupted);
        try
        {
            if (arguments.Live)
                await ShowLiveAsync(table, time, interrupted);
            else
                await PrintAsync(table, time, interrupted);
        }
        finally
        {
            _shown.TrySetResult();
        }

        await late;
    }

    private Topology Build()
    {
        var topology = new Topology(undo);
        foreach (var (port, _) in DemoNetwork.Entrances)
            topology.AddEntrance(port);
        foreach (var port in DemoNetwork.Exits)
            topology.AddExit(port);
        return topology;
    }

    private static async Task SteerAsync(DevmapdClient client)
    {
        foreach (var (name, spec) in DemoNetwork.Programs)
            await client.PutProgramAsync(name, spec);
        foreach (var (devmap, key, spec) in DemoNetwork.Flows.Select(f => f.Entry))
            await client.PutEntryAsync(devmap, key, spec, allowPending: true);
        foreach (var (port, devmap) in DemoNetwork.Entrances)
            await client.PutAttachmentAsync(devmap, Topology.Name(port), new AttachmentSpec { Mode = AttachMode.Native });
    }

    private void Introduce(DaemonRunner runner, Arguments arguments)
    {
        var rest = runner.Daemon.Rest.ToString().TrimEnd('/');
        console.WriteLine($"devmapd runs as process {runner.Daemon.Id} and steers frames between network namespaces; try it by hand:");
        console.WriteLine($"  Swagger UI  {rest}/swagger (writes need a token: devmapd token create)");
        console.WriteLine($"  REST        curl --unix-socket {runner.Daemon.UnixSocket} http://localhost/v1/devmaps/routes/entries/10.0.0.7");
        console.WriteLine($"  gRPC        scripts/grpcall unix:{runner.Daemon.UnixSocket} list");
        console.WriteLine($"  kernel      bpftool map dump pinned {runner.PinRoot}/devmaps/routes/active");
        console.WriteLine($"The interface {Topology.Name(DemoNetwork.LatePort)} is missing at first and appears after some seconds.");
        console.WriteLine(arguments.Time is { } time ? $"It ends by itself after {time.TotalSeconds:0} s." : "Press Ctrl-C to end.");
        console.WriteLine();
    }

    private async Task AddLatePortAsync(Topology topology, Traffic traffic, TimeSpan delay, CancellationToken interrupted)
    {
        await PauseAsync(delay, interrupted);
        await _shown.Task;
        if (interrupted.IsCancellationRequested)
            return;
        topology.AddExit(DemoNetwork.LatePort);
        foreach (var flow in DemoNetwork.Flows)
            traffic.Watch(flow);
    }

    private async Task ShowLiveAsync(EntryTable table, TimeSpan time, CancellationToken interrupted)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        end.CancelAfter(time);
        await console.Live(await table.ReadAsync()).StartAsync(async screen =>
        {
            while (!end.IsCancellationRequested)
            {
                await PauseAsync(Refresh, end.Token);
                screen.UpdateTarget(await table.ReadAsync());
                _shown.TrySetResult();
            }
        });
    }

    /// <summary>Plain tables at the beginning, in the middle and at the end.</summary>
    private async Task PrintAsync(EntryTable table, TimeSpan time, CancellationToken interrupted)
    {
        for (var part = 0; part < 3 && !interrupted.IsCancellationRequested; part++)
        {
            await PauseAsync(time / 3, interrupted);
            console.Write(await table.ReadAsync());
            _shown.TrySetResult();
        }
    }

    /// <summary>Waits, and returns early without an error when it is interrupted.</summary>
    private static async Task PauseAsync(TimeSpan time, CancellationToken interrupted) =>
        await Task.Delay(time, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
