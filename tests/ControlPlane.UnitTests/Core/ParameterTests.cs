using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.TestCommon;

namespace ControlPlane.UnitTests.Core;

/// <summary>The parameters of templates: their text forms and the rules of a template.</summary>
public sealed class ParameterTests
{
    private static readonly EgressProgramParameters _all = EgressProgramParameters.Empty
        .With(TemplateParameter.VlanId, 7u)
        .With(TemplateParameter.DestinationMac, new MacAddress(0x01_00_00_00_00_02))
        .With(TemplateParameter.SourceMac, new MacAddress(0x02_00_00_00_00_01));

    public static TheoryData<string> Parameters { get; } = [.. TemplateParameter.All.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Parameters))]
    public void Value_SurvivesEveryForm(string name)
    {
        var parameter = TemplateParameter.Find(name)!;
        var value = _all.Find(parameter)!;
        Assert.Equal(value, parameter.Parse(parameter.Plain(value), out _));
        Assert.IsType(parameter.PlainType, parameter.Plain(value));
        var field = new byte[parameter.KernelBytes];
        parameter.Write(value, field);
        Assert.Equal(value, parameter.Read(field));
        Assert.Null(parameter.Check(value));
    }

    [Fact]
    public void Json_HasTheGivenParametersInOrder()
    {
        const string Json = """{"sourceMac":"02:00:00:00:00:01","destinationMac":"01:00:00:00:00:02","vlanId":7}""";
        Assert.Equal(Json, _all.ToJson());
        Assert.Equal(_all, EgressProgramParameters.Parse(Json));
        Assert.Equal(_all.GetHashCode(), EgressProgramParameters.Parse(Json).GetHashCode());
        Assert.NotEqual(_all, _all.With(TemplateParameter.VlanId, 8u));
        Assert.NotEqual(_all, EgressProgramParameters.Empty);
        Assert.Equal("{}", EgressProgramParameters.Empty.ToJson());
        Assert.True(EgressProgramParameters.Parse("{}").IsEmpty);
    }

    [Theory]
    [InlineData("", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"dscp":1}""", "'dscp' is not a parameter that this version knows; it knows sourceMac, destinationMac, vlanId")]
    [InlineData("""{"sourceMac":1}""", "sourceMac must be a string")]
    [InlineData("""{"sourceMac":"x"}""", "sourceMac must be six hexadecimal octets")]
    [InlineData("""{"vlanId":"7"}""", "vlanId must be a whole number")]
    [InlineData("""{"vlanId":-1}""", "vlanId must be a whole number")]
    public void Json_ThatIsWrong_IsRefused(string json, string message) => Assert.Contains(
        message, Assert.Throws<FormatException>(() => EgressProgramParameters.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Rules_NameEveryParameterThatIsWrong()
    {
        Assert.Equal(
            ["parameters.sourceMac is not a parameter of this template", "parameters.destinationMac is not a parameter of this template",
             "parameters.vlanId is not a parameter of this template"],
            Check(ParameterRules.None, _all));
        Assert.Equal(
            ["parameters.sourceMac is required by this template", "parameters.destinationMac is required by this template",
             "parameters.vlanId is not a parameter of this template"],
            Check(EgressTemplate.RewriteMac.Parameters, TestPrograms.PushVlan(7).Parameters));
        Assert.Equal(["parameters.vlanId must be 1 to 4094"], Check(EgressTemplate.PushVlan.Parameters, TestPrograms.PushVlan(4095).Parameters));
        Assert.Equal(
            ["parameters.sourceMac must not be a group address: no station sends from one"],
            Check(EgressTemplate.RewriteMac.Parameters, TestPrograms.RewriteMac(new MacAddress(1UL << 40), new MacAddress(1UL << 40)).Parameters));
    }

    [Fact]
    public void Rules_OptionalAndAtLeastOne()
    {
        var rules = new ParameterRules([], optional: [TemplateParameter.VlanId], atLeastOneOf: [TemplateParameter.SourceMac, TemplateParameter.DestinationMac]);
        Assert.Equal(["parameters must have at least one of sourceMac, destinationMac"], Check(rules, EgressProgramParameters.Empty));
        Assert.Empty(Check(rules, TestPrograms.RewriteMac(destination: new MacAddress(1)).Parameters));
        Assert.Empty(Check(rules, _all));
    }

    [Fact]
    public void Rules_SayNothingMoreOfAFieldThatIsWrong()
    {
        var violations = new Violations();
        violations.Add("parameters.vlanId", "must be a whole number");
        EgressTemplate.PushVlan.Parameters.Check(EgressProgramParameters.Empty, violations);
        Assert.Single(violations.Found);
    }

    private static IEnumerable<string> Check(ParameterRules rules, EgressProgramParameters given)
    {
        var violations = new Violations();
        rules.Check(given, violations);
        return violations.Found.Select(v => $"{v.Field} {v.Message}");
    }
}
