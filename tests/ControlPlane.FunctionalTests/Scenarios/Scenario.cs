namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>One line of the table: in the <see cref="ScenarioHost"/>, after these requests, this request is answered so.</summary>
/// <param name="Name">What it is about; unique.</param>
/// <param name="Given">Requests that must succeed first.</param>
/// <param name="When">The request.</param>
/// <param name="Then">What is expected of its answer.</param>
public sealed record Scenario(string Name, IReadOnlyList<Operation> Given, Operation When, Expected Then)
{
    /// <summary>What happens to the host or the daemon after <see cref="Given"/> and before <see cref="When"/>.</summary>
    public ScenarioEvent Between { get; init; }

    /// <summary>Runs it on a face.</summary>
    public async Task RunAsync(IApiDriver face, Func<ScenarioEvent, Task> raise, CancellationToken cancellationToken = default)
    {
        foreach (var operation in Given)
        {
            var answer = await face.AskAsync(operation, cancellationToken);
            Assert.True(answer is Answer.Done, $"given {operation}: {Answer.Describe(answer)}");
        }

        if (Between != ScenarioEvent.Nothing)
            await raise(Between);
        Then.Check(await face.AskAsync(When, cancellationToken));
    }

    public override string ToString() => Name;
}
