using ControlPlane.FunctionalTests.Scenarios;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The gRPC face keeps what the table of scenarios promises.</summary>
public sealed class ScenarioTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [MemberData(nameof(ScenarioTable.Names), MemberType = typeof(ScenarioTable))]
    public async Task Grpc_Scenario_IsAnsweredAsPromised(string name)
    {
        await using var daemon = await GrpcDaemon.StartAsync();
        using var deadline = new CancellationTokenSource(_deadline);

        await ScenarioTable.Find(name).RunAsync(new GrpcFace(daemon.Channel), HappenAsync, deadline.Token);

        Task HappenAsync(Happening what)
        {
            if (what == Happening.VethBVanishes)
                daemon.Host.RemoveInterface("veth-b");
            return what == Happening.DaemonStops ? daemon.Writer.StopAsync(_deadline) : Task.CompletedTask;
        }
    }
}
