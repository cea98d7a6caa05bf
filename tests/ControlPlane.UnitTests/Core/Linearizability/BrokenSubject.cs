using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>
/// The mistake that a check of histories must find: it checks preconditions itself, before the write, instead of having the writer
/// check them between all other writes. Updates get lost.
/// </summary>
internal sealed class BrokenSubject(CoreFixture core) : Subject(core)
{
    private readonly CoreFixture _core = core;

    protected override Task<Answer> ExecuteAsync(Operation operation, Precondition precondition, CancellationToken cancellation)
    {
        if (operation is Operation.PutEntry put)
        {
            var current = _core.List(put.Devmap).Entries.FirstOrDefault(e => $"{put.Devmap}/{e.Key}" == put.Resource);
            precondition.Require(put.Resource, current?.Revision);
            precondition = default;
        }

        return base.ExecuteAsync(operation, precondition, cancellation);
    }
}
