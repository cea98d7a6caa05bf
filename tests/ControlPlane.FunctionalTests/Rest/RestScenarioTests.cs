using ControlPlane.FunctionalTests.Scenarios;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>REST keeps every promise of the table.</summary>
public sealed class RestScenarioTests
{
    public static TheoryData<string> Names => ScenarioTable.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Scenario_ByRest_AnswersAsTheTableSays(string name)
    {
        await using var daemon = await RestDaemon.StartAsync();
        await ScenarioTable.Find(name).RunAsync(new RestDriver(daemon.Client), daemon.Testbed.RaiseAsync, TestContext.Deadline());
    }
}
