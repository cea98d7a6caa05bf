using ControlPlane.FunctionalTests.Scenarios;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>gRPC keeps every promise of the table.</summary>
public sealed class ScenarioTests
{
    [Theory]
    [MemberData(nameof(ScenarioTable.Names), MemberType = typeof(ScenarioTable))]
    public async Task Scenario_ByGrpc_AnswersAsTheTableSays(string name)
    {
        await using var daemon = await GrpcDaemon.StartAsync();
        await ScenarioTable.Find(name).RunAsync(new GrpcDriver(daemon.Channel), daemon.Testbed.RaiseAsync, TestContext.Deadline());
    }
}
