namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>One face of the daemon, driven by the scenarios.</summary>
public interface IApiDriver
{
    /// <summary>Asks the daemon and answers in neutral words.</summary>
    Task<Answer> AskAsync(Operation operation, CancellationToken cancellationToken);
}
