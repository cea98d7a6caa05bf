using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Creates a token. Answers with its record.</summary>
internal sealed class CreateTokenCommand(string name, string hash, TokenSpec spec) : WriterCommand<TokenRecord>
{
    public override string Change => $"create tokens/{name}";

    public override WritePlan Plan(PlanContext context)
    {
        if (context.State.Tokens.ByName.ContainsKey(name))
            throw new ControlPlaneException(AccessErrors.TokenExists(name));
        var record = new TokenRecord(name, hash, spec, context.NextRevision(), context.Now);
        return new WritePlan(
            new Footprint { Changes = [FootprintKey.Token(name)] }, [new Placement.OfToken(name, null, record)], record.Revision);
    }

    protected override TokenRecord Answer(PlanContext context, Outcome outcome) => ((Placement.OfToken)outcome.Placements[0]).After!;
}

/// <summary>Deletes a token. Answers with the revision of the deletion.</summary>
internal sealed class DeleteTokenCommand(string name, Precondition precondition) : WriterCommand<long>
{
    public override string Change => $"delete tokens/{name}";

    public override WritePlan Plan(PlanContext context)
    {
        var before = context.State.Tokens.ByName.GetValueOrDefault(name) ?? throw new ControlPlaneException(AccessErrors.TokenNotFound(name));
        precondition.Require($"tokens/{name}", before.Revision);
        return new WritePlan(
            new Footprint { Changes = [FootprintKey.Token(name)] }, [new Placement.OfToken(name, before, null)], context.NextRevision());
    }

    protected override long Answer(PlanContext context, Outcome outcome) => outcome.Revision;
}
