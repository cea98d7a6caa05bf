using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>Collects why a command fails as things stand, so that the caller learns all reasons at once.</summary>
internal sealed class Refusals
{
    private readonly List<Error> _found = [];

    /// <summary>The reasons found until now.</summary>
    public IReadOnlyList<Error> Found => _found;

    /// <summary>Adds a reason.</summary>
    public void Add(Error refusal) => _found.Add(refusal);

    /// <summary>Throws if there is a reason. Several become one error with the code of the first and the fields of all.</summary>
    /// <exception cref="ControlPlaneException">There is a reason.</exception>
    public void ThrowIfAny()
    {
        if (_found.Count == 0)
            return;
        if (_found.Count == 1)
            throw new ControlPlaneException(_found[0]);
        throw new ControlPlaneException(_found[0] with
        {
            Detail = string.Join(' ', _found.Select(e => e.Detail)),
            Fields = [.. _found.SelectMany(e => e.Fields)],
        });
    }
}
