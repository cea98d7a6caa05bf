using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>The rules for the spec of an egress program.</summary>
internal static class ProgramValidation
{
    /// <summary>Adds a violation for every parameter that the template does not take, needs, or cannot have.</summary>
    public static void Validate(EgressProgramSpec spec, Violations violations)
    {
        if (violations.Has("template"))
            return;
        var parameters = spec.Parameters ?? new EgressProgramParameters();
        var rewrites = spec.Template == EgressTemplate.RewriteMac;
        Expect(parameters.SourceMac is not null, "parameters.sourceMac", rewrites, violations);
        Expect(parameters.DestinationMac is not null, "parameters.destinationMac", rewrites, violations);
        if (parameters.SourceMac is { IsGroup: true })
            violations.Add("parameters.sourceMac", "must not be a group address: no station sends from one");
        if (Expect(parameters.VlanId is not null, "parameters.vlanId", spec.Template == EgressTemplate.PushVlan, violations)
            && parameters.VlanId is < EgressProgramParameters.MinVlanId or > EgressProgramParameters.MaxVlanId)
            violations.Add("parameters.vlanId", $"must be {EgressProgramParameters.MinVlanId} to {EgressProgramParameters.MaxVlanId}");
    }

    private static bool Expect(bool given, string field, bool expected, Violations violations)
    {
        if (given == expected || violations.Has(field))
            return given && expected;
        violations.Add(field, expected ? "is required by this template" : "is not a parameter of this template");
        return false;
    }
}
